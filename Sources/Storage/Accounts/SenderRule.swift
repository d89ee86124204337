package import Mail

/// Addresses that a user may give as the sender of mail.
package enum SenderRule: Hashable, Sendable {
  /// One address.
  case mailbox(Mailbox)
  /// Every address of a domain.
  case domain(Domain)

  /// The rule that is spelled `user@domain` or `@domain`; nil if it is neither.
  ///
  /// What would need quotes is refused, for the users file has none.
  init?(_ text: Substring) {
    if text.utf8.first == UInt8(ascii: "@") {
      guard let domain = Domain(String(Substring(text.utf8.dropFirst()))) else { return nil }
      self = .domain(domain)
    } else {
      guard let mailbox = Mailbox(String(text)), !mailbox.text.utf8.contains(.quote) else {
        return nil
      }
      self = .mailbox(mailbox)
    }
  }

  /// As it stands in the users file.
  var text: String {
    switch self {
    case .mailbox(let mailbox): mailbox.text
    case .domain(let domain): "@" + domain.text
    }
  }

  /// Whether the address falls under the rule; the case of its local part does not count.
  package func covers(_ sender: Mailbox) -> Bool {
    switch self {
    case .mailbox(let mailbox):
      mailbox.domain == sender.domain
        && mailbox.localPart.asciiLowercased == sender.localPart.asciiLowercased
    case .domain(let domain):
      domain == sender.domain
    }
  }
}
