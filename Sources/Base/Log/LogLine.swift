/// The text of one log line: the name of the event, then `key=value` pairs that `grep` can find.
struct LogLine {
  private(set) var text: String

  init(_ event: String) { text = event }

  /// Adds a pair; a value that is nil is left out.
  func with(_ key: String, _ value: String?) -> LogLine {
    guard let value else { return self }
    var line = self
    line.text += " \(key)="
    let safe = Self.safe(value)
    let isPlain = !safe.isEmpty && !safe.utf8.contains { $0 == 0x20 || $0 == UInt8(ascii: "\"") }
    line.text += isPlain ? safe : "\"" + safe.replacingQuotes() + "\""
    return line
  }

  /// Adds a number.
  func with(_ key: String, _ value: Int) -> LogLine { with(key, String(value)) }

  /// The text without anything that could end the line or move a terminal's cursor, at most 512
  /// bytes: a client or a remote server chooses some of it.
  static func safe(_ text: String) -> String {
    let limit = 512
    if text.utf8.count <= limit, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var safe = ""
    for scalar in text.unicodeScalars {
      if safe.utf8.count > limit { return safe + "..." }
      // C0, DEL, C1, the Unicode line separators, and the marks that turn the direction of writing
      // round: with those a name could show as another one.
      let isControl =
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
        || scalar.value == 0x061C || (0x200E...0x200F).contains(scalar.value)
        || (0x2028...0x202E).contains(scalar.value)
        || (0x2066...0x2069).contains(scalar.value)
      if isControl {
        safe += "\\x" + String(scalar.value, radix: 16)
      } else {
        safe.unicodeScalars.append(scalar)
      }
    }
    return safe
  }
}

extension String {
  fileprivate func replacingQuotes() -> String {
    String(decoding: utf8.map { $0 == UInt8(ascii: "\"") ? UInt8(ascii: "'") : $0 }, as: UTF8.self)
  }
}
