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
  /// The octets a message may have on the wire, as EHLO tells it; the driver refuses what is larger.
  package var messageBytes: Int
  /// The recipients a transaction may have, as EHLO tells it; the driver refuses those beyond.
  ///
  /// RFC 5321 §4.5.3.1.8 asks for 100 at least.
  package var recipients: Int
  /// What EHLO lists, as far as the state of the session lets it.
  package var extensions: Extensions
  /// The rules that the client may break.
  package var leniency: Leniency
  /// When AUTH is offered.
  package var authentication: Authentication
  /// Whether the client may do more than write to local mailboxes.
  package var isKnown: Bool
  /// Whether a client must authenticate itself before MAIL, as on a submission port (RFC 6409 §4.3).
  package var requiresAuthentication: Bool

  /// The settings with these values.
  package init(
    hostname: Domain, messageBytes: Int, recipients: Int, extensions: Extensions,
    leniency: Leniency = [], authentication: Authentication, isKnown: Bool = false,
    requiresAuthentication: Bool
  ) {
    self.hostname = hostname
    self.messageBytes = messageBytes
    self.recipients = recipients
    self.extensions = extensions
    self.leniency = leniency
    self.authentication = authentication
    self.isKnown = isKnown
    self.requiresAuthentication = requiresAuthentication
  }
}
