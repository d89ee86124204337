/// The name of a user: safe as the name of a directory, as a field of a line and in a log.
///
/// Lower-case letters, digits, dots, underscores and hyphens, `Limits.nameBytes` at most, and the
/// first is a letter or digit; so neither `.`, `..` nor a hidden file can be one.
package struct UserName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The rule for names, for messages.
  package static let rule =
    "a name has lower-case letters, digits, dots, hyphens and underscores, \(Limits.nameBytes) at most, and"
    + " begins with a letter or digit; mail for other spellings of its letters arrives all the same"

  /// The name as the users file has it.
  package let text: String

  /// The name that is spelled so; nil if that is none.
  package init?(_ text: some StringProtocol) {
    let bytes = text.utf8
    guard
      (1...Limits.nameBytes).contains(bytes.count),
      let first = bytes.first, Self.isAlphanumeric(first),
      bytes.allSatisfy({
        Self.isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: "-")
      })
    else { return nil }
    self.text = String(text)
  }

  /// The same text.
  package var description: String { text }

  package static func < (left: UserName, right: UserName) -> Bool { left.text < right.text }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
  }
}
