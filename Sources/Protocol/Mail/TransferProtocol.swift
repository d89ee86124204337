/// How a message came in, as its trace field says it: `SMTP`, `ESMTP`, `ESMTPSA` and so on.
///
/// RFC 3848, and `LMTP`'s relatives are left out, as they are not spoken here.
package struct TransferProtocol: Hashable, Sendable {
  /// Whether the client greeted with EHLO.
  package var isExtended: Bool
  /// Whether the connection was under TLS.
  package var isEncrypted: Bool
  /// Whether the client had authenticated itself.
  package var isAuthenticated: Bool

  /// The way of a message that came with these properties.
  package init(isExtended: Bool, isEncrypted: Bool, isAuthenticated: Bool) {
    self.isExtended = isExtended
    self.isEncrypted = isEncrypted
    self.isAuthenticated = isAuthenticated
  }

  /// The keyword of the `with` clause; the suffixes exist only for ESMTP.
  package var keyword: String {
    guard isExtended || isEncrypted || isAuthenticated else { return "SMTP" }
    return "ESMTP" + (isEncrypted ? "S" : "") + (isAuthenticated ? "A" : "")
  }
}
