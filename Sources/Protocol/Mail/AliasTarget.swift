/// Where mail for a name may go instead: to another name of this host, or to an address.
package enum AliasTarget: Hashable, Sendable, CustomStringConvertible {
  /// A name of this host, in lower case.
  case name(String)
  /// An address, of this host or of another.
  case mailbox(Mailbox)

  /// The target that is spelled as a local part, or as a mailbox; nil if it is neither.
  package init?(_ text: some StringProtocol) {
    if let mailbox = Mailbox(String(text)) {
      self = .mailbox(mailbox)
    } else {
      // With a domain behind it, a name alone obeys the grammar of a local part. One beyond ASCII is
      // asked for by SMTPUTF8; an address elsewhere may get mail that came without it, so it is ASCII.
      guard let name = Mailbox(String(text) + "@localhost", allowsUTF8: true) else { return nil }
      self = .name(name.localPart.asciiLowercased)
    }
  }

  /// As it is spelled.
  package var description: String {
    switch self {
    case .name(let name): name
    case .mailbox(let mailbox): mailbox.text
    }
  }
}
