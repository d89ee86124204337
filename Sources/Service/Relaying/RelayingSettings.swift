package import Mail

/// What the relaying of mail needs to know of the configuration.
package struct RelayingSettings: Sendable {
  /// The server that takes all outgoing mail.
  package struct Smarthost: Sendable {
    /// A host name or an address.
    package var host: String
    /// Its TCP port.
    package var port: UInt16
    /// Whether TLS comes before all else (RFC 8314 §3.3).
    package var isImplicitTLS: Bool
    /// How to log in there; nil for not at all.
    package var credentials: Credentials?

    package init(host: String, port: UInt16, isImplicitTLS: Bool, credentials: Credentials?) {
      self.host = host
      self.port = port
      self.isImplicitTLS = isImplicitTLS
      self.credentials = credentials
    }
  }

  /// A user name and a password of ours at another server; never logged.
  package struct Credentials: Sendable {
    /// Who we are there.
    package var user: String
    /// In UTF-8.
    package var password: [UInt8]

    package init(user: String, password: [UInt8]) {
      self.user = user
      self.password = password
    }
  }

  /// What TLS must give before a message leaves.
  package enum Encryption: Sendable {
    /// TLS is not used.
    case none
    /// TLS is used if the server has it; without a check of its certificate (RFC 7435).
    case opportunistic
    /// No message leaves without TLS.
    case required
    /// Nor without a certificate that is valid for the server's name.
    case verified
  }

  /// The name of this host in EHLO and in reports.
  package var hostname: Domain
  /// The domains of this host: a report to one of its addresses goes where its mail goes.
  package var domains: Set<Domain>
  /// Who answers for this host, and hears of reports that cannot be delivered.
  package var postmaster: Mailbox
  /// The servers that store the mail of some of these domains.
  package var handovers: [Domain: LMTPServer]
  /// Nil: straight to the MX.
  package var smarthost: Smarthost?
  /// The port of MX hosts: 25, except where a test has no right to it.
  package var mxPort: UInt16
  /// What TLS must give on every connection to another server.
  package var encryption: Encryption
  /// The waits between attempts, of which the last repeats; never empty.
  package var retry: [Duration]
  /// The age at which a message is returned to its sender.
  package var lifetime: Duration

  package init(
    hostname: Domain, domains: Set<Domain>, postmaster: Mailbox,
    handovers: [Domain: LMTPServer] = [:], smarthost: Smarthost?, mxPort: UInt16,
    encryption: Encryption, retry: [Duration], lifetime: Duration
  ) {
    precondition(!retry.isEmpty, "there is a wait between two attempts")
    self.hostname = hostname
    self.domains = domains
    self.postmaster = postmaster
    self.handovers = handovers
    self.smarthost = smarthost
    self.mxPort = mxPort
    self.encryption = encryption
    self.retry = retry
    self.lifetime = lifetime
  }
}
