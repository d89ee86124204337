/// The identifier of a message: `<unique@host>`, RFC 5322 §3.6.4.
package struct MessageID: Hashable, Sendable {
  /// The identifier in its angle brackets.
  package let text: String

  /// The identifier that `unique` is in the name space of `host`.
  ///
  /// `unique` is letters, digits, dots and hyphens that this host has never used before; any other
  /// byte of it becomes a hyphen, so that the identifier is well formed whatever it is.
  package init(unique: String, host: Domain) {
    let hyphen = UInt8(ascii: "-")
    let left = unique.utf8.map { $0.isLetter || $0.isDigit || $0 == .dot ? $0 : hyphen }
    text = "<" + String(decoding: left, as: UTF8.self) + "@" + host.text + ">"
  }
}
