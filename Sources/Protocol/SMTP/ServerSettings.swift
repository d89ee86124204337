package import Mail

/// What a server session offers and asks for.
package struct ServerSettings: Sendable {
  /// When AUTH is offered.
  package enum Authentication: Sendable {
    case never
    /// Under TLS only: PLAIN and LOGIN send the password as it is.
    case underTLS
    case always
  }

  /// The name of this host.
  package var hostname: Domain
  /// The octets a message may have on the wire.
  package var messageBytes: Int
  /// The recipients a transaction may have, at least `Limits.leastRecipients`.
  package var recipients: Int
  /// Whether STARTTLS is offered while TLS is not active.
  package var offersTLS: Bool
  /// When AUTH is offered.
  package var authentication: Authentication
  /// Whether a client must authenticate itself before MAIL, as on a submission port (RFC 6409 §4.3).
  package var requiresAuthentication: Bool

  /// The settings with these values.
  package init(
    hostname: Domain, messageBytes: Int, recipients: Int, offersTLS: Bool,
    authentication: Authentication, requiresAuthentication: Bool
  ) {
    self.hostname = hostname
    self.messageBytes = messageBytes
    self.recipients = max(recipients, Limits.leastRecipients)
    self.offersTLS = offersTLS
    self.authentication = authentication
    self.requiresAuthentication = requiresAuthentication
  }
}
