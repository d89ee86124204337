/// A header field that is folded between its words, at 78 octets where they let it.
///
/// RFC 5322 §2.1.1 and §2.2.3.
struct FoldedField {
  private var lines: String
  private var lineBytes: Int

  /// The octets a line should have at most.
  private static let limit = 78

  /// A field that begins with `name` and its colon.
  init(_ name: String) {
    lines = name
    lineBytes = name.utf8.count
  }

  /// The field with its last LF.
  var text: String { lines + "\n" }

  /// Adds a word, on a line of its own if it would make this one too long.
  mutating func append(_ word: String) {
    if lineBytes + 1 + word.utf8.count > Self.limit {
      lines += "\n\t" + word
      lineBytes = 1
    } else {
      lines += " " + word
      lineBytes += 1
    }
    lineBytes += word.utf8.count
  }

  /// Adds a mark to the last word.
  mutating func end(with mark: String) {
    lines += mark
    lineBytes += mark.utf8.count
  }

  /// Lets the next word begin a line.
  mutating func startLine() { lineBytes = Self.limit }
}
