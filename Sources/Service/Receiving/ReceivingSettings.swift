package import Mail
package import Platform

/// What the reception of mail needs to know of the configuration.
package struct ReceivingSettings: Sendable {
  /// The name of this host in greetings and trace fields.
  package var hostname: Domain
  /// The domains whose mail is delivered here.
  package var domains: Set<Domain>
  /// Whose hosts may relay without proof.
  package var trustedNetworks: [IPNetwork]
  /// Whose bare line feeds are taken for line ends.
  package var bareLFNetworks: [IPNetwork]
  /// Whether a client at this address may send its password without TLS.
  package var mayLogInPlainly: @Sendable (IPAddress) -> Bool
  /// Octets of a message on the wire.
  package var messageBytes: Int
  /// Recipients of one message; at least 100 (RFC 5321 §4.5.3.1.8).
  package var recipients: Int
  /// Octets of the file system that mail leaves free.
  package var freeSpaceBytes: Int
  /// How long a client may be silent; at least 5 min (RFC 5321 §4.5.3.2.7).
  package var commandTimeout: Duration

  package init(
    hostname: Domain, domains: Set<Domain>, trustedNetworks: [IPNetwork],
    bareLFNetworks: [IPNetwork], mayLogInPlainly: @escaping @Sendable (IPAddress) -> Bool,
    messageBytes: Int, recipients: Int, freeSpaceBytes: Int, commandTimeout: Duration
  ) {
    self.hostname = hostname
    self.domains = domains
    self.trustedNetworks = trustedNetworks
    self.bareLFNetworks = bareLFNetworks
    self.mayLogInPlainly = mayLogInPlainly
    self.messageBytes = messageBytes
    self.recipients = recipients
    self.freeSpaceBytes = freeSpaceBytes
    self.commandTimeout = commandTimeout
  }
}
