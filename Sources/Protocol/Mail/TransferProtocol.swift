/// How a message came in, as its trace field says it: `SMTP`, `ESMTPSA`, `UTF8SMTPS` and so on.
///
/// RFC 3848 and RFC 6531 §4.3.
package struct TransferProtocol: Hashable, Sendable {
  /// Whether the client greeted with EHLO.
  package var isExtended: Bool
  /// Whether the connection was under TLS.
  package var isEncrypted: Bool
  /// Whether the client had authenticated itself.
  package var isAuthenticated: Bool
  /// Whether MAIL asked for SMTPUTF8.
  package var isInternational: Bool

  /// The way of a message that came with these properties.
  package init(
    isExtended: Bool, isEncrypted: Bool, isAuthenticated: Bool, isInternational: Bool = false
  ) {
    self.isExtended = isExtended
    self.isEncrypted = isEncrypted
    self.isAuthenticated = isAuthenticated
    self.isInternational = isInternational
  }

  /// The keyword of the `with` clause; the suffixes exist only for what has extensions.
  package var keyword: String {
    let isExtended = isExtended || isEncrypted || isAuthenticated
    let base =
      if isInternational { "UTF8SMTP" } else { isExtended ? "ESMTP" : "SMTP" }
    return base + (isEncrypted ? "S" : "") + (isAuthenticated ? "A" : "")
  }
}
