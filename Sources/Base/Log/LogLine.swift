/// The text of one log line: the name of the event, then `key=value` pairs that `grep` can find.
struct LogLine {
  private(set) var text: String

  init(_ event: String) { text = event }

  /// Adds a pair; a value that is nil is left out.
  func with(_ key: String, _ value: String?) -> LogLine {
    guard let value else { return self }
    var line = self
    let isPlain =
      !value.isEmpty
      && !value.utf8.contains {
        $0 == 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "=")
      }
    line.text += " \(key)=" + (isPlain ? Self.safe(value) : Self.quoted(value))
    return line
  }

  /// Adds the name of a user, which a client may have made up: quoted always, so that no program that
  /// reads the log takes a part of it for a pair.
  func with(_ key: String, name: String) -> LogLine {
    var line = self
    line.text += " \(key)=" + Self.quoted(name)
    return line
  }

  /// The text in quotes, and with none in it.
  static func quoted(_ text: String) -> String { "\"" + safe(text).replacingQuotes() + "\"" }

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
      safe += scalar.escapedIfUnsafe
    }
    return safe
  }
}

extension Unicode.Scalar {
  /// The scalar, or `\xHH` for one that could end a line, move a cursor, or turn the direction of
  /// writing round: C0, DEL, C1, the separators of lines, and marks with which a name could show as
  /// another one.
  fileprivate var escapedIfUnsafe: String {
    let isUnsafe =
      value < 0x20 || (0x7F..<0xA0).contains(value) || value == 0x061C
      || (0x200E...0x200F).contains(value) || (0x2028...0x202E).contains(value)
      || (0x2066...0x2069).contains(value)
    return isUnsafe ? "\\x" + String(value, radix: 16) : String(Character(self))
  }
}

extension String {
  /// The text without anything that could end its line or change a terminal.
  ///
  /// Such characters are written as `\xHH`, all others are left.
  package var safeForTerminal: String {
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return self }
    return unicodeScalars.reduce(into: "") { $0 += $1.escapedIfUnsafe }
  }
}

extension String {
  fileprivate func replacingQuotes() -> String {
    String(decoding: utf8.map { $0 == UInt8(ascii: "\"") ? UInt8(ascii: "'") : $0 }, as: UTF8.self)
  }
}
