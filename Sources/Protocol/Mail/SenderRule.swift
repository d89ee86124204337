/// Addresses that may be given as the sender of mail.
package enum SenderRule: Hashable, Sendable {
  /// Every address, and none.
  case any
  /// No address: the sender of reports (RFC 5321 §4.5.5).
  case null
  /// One address.
  case mailbox(Mailbox)
  /// Every address of a domain.
  case domain(Domain)

  /// The rule that is spelled `user@domain`, `@domain`, `<>` or `*`; nil if it is none of them.
  ///
  /// What would need quotes is refused, for the files that hold rules have none; and so is an asterisk
  /// within an address, which somebody means for a pattern and which would be none.
  ///
  /// With `allowsUTF8` it may be beyond ASCII (RFC 6531 §3.3).
  package init?(_ text: some StringProtocol, allowsUTF8: Bool = false) {
    if text == "*" {
      self = .any
    } else if text == "<>" {
      self = .null
    } else if text.utf8.first == .at {
      guard
        let domain = Domain(ArraySlice(text.utf8.dropFirst()), allowsUTF8: allowsUTF8),
        domain.addressLiteral == nil
      else { return nil }
      self = .domain(domain)
    } else {
      guard
        let mailbox = Mailbox(String(text), allowsUTF8: allowsUTF8),
        !mailbox.text.utf8.contains(where: { $0 == .quote || $0 == UInt8(ascii: "*") })
      else { return nil }
      self = .mailbox(mailbox)
    }
  }

  /// As it is spelled.
  package var text: String {
    switch self {
    case .any: "*"
    case .null: "<>"
    case .mailbox(let mailbox): mailbox.text
    case .domain(let domain): "@" + domain.text
    }
  }

  /// Whether the address falls under the rule; the case of its local part does not count.
  package func covers(_ sender: Mailbox) -> Bool {
    switch self {
    case .any: true
    case .null: false
    case .mailbox(let mailbox):
      mailbox.domain == sender.domain
        && mailbox.localPart.asciiLowercased == sender.localPart.asciiLowercased
    case .domain(let domain):
      domain == sender.domain
    }
  }

  /// Whether the sender of an envelope falls under the rule.
  package func covers(_ sender: ReversePath) -> Bool {
    sender.mailbox.map(covers) ?? (self == .any || self == .null)
  }
}
