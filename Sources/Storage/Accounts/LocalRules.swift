package import Mail

/// What the configuration says about the recipients of local domains.
package struct LocalRules: Sendable {
  /// The domains whose mail is delivered here.
  package var domains: Set<Domain>
  /// What ends the part of a local part that counts; nil for none.
  package var separator: UInt8?
  /// Who gets the mail for names that nobody has; nil for nobody.
  package var catchAll: AliasTarget?
  /// Who gets all mail, in place of those it is addressed to; nil for those.
  package var redirectAll: Mailbox?

  package init(
    domains: Set<Domain>, separator: UInt8? = nil, catchAll: AliasTarget? = nil,
    redirectAll: Mailbox? = nil
  ) {
    self.domains = domains
    self.separator = separator
    self.catchAll = catchAll
    self.redirectAll = redirectAll
  }

  /// The name at the target if it is local, in lower case; nil if it is an address elsewhere.
  func localName(of target: AliasTarget) -> String? {
    switch target {
    case .name(let name): name
    case .mailbox(let mailbox):
      domains.contains(mailbox.domain) ? mailbox.localPart.asciiLowercased : nil
    }
  }
}
