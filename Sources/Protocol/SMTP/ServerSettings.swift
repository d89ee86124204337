package import Mail

/// What a server session offers and asks for.
package struct ServerSettings: Sendable {
  /// The name of this host.
  package var hostname: Domain
  /// The domain of a path that a known client gives without one.
  package var localDomain: Domain
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
  /// Whether the client may do more than write to local mailboxes.
  package var isKnown: Bool
  /// Whether a client must authenticate itself before MAIL, as on a submission port (RFC 6409 §4.3).
  package var requiresAuthentication: Bool

  /// The settings with these values.
  package init(
    hostname: Domain, localDomain: Domain, messageBytes: Int, recipients: Int,
    extensions: Extensions,
    leniency: Leniency = [], isKnown: Bool = false, requiresAuthentication: Bool
  ) {
    self.hostname = hostname
    self.localDomain = localDomain
    self.messageBytes = messageBytes
    self.recipients = recipients
    self.extensions = extensions
    self.leniency = leniency
    self.isKnown = isKnown
    self.requiresAuthentication = requiresAuthentication
  }
}
