package import Mail

/// What the relaying of mail needs to know of the configuration.
package struct RelayingSettings: Sendable {
  /// A user name and a password of ours at another server; never logged.
  package struct Credentials: Equatable, Sendable {
    /// Who we are there.
    package var user: String
    /// In UTF-8.
    package var password: [UInt8]
    /// Where they stand, for messages: `entry isp of /etc/gatepost/secrets`.
    package var place: String

    package init(user: String, password: [UInt8], place: String = "secrets") {
      self.user = user
      self.password = password
      self.place = place
    }
  }

  /// What TLS must give before a message leaves.
  package enum Encryption: Equatable, Sendable {
    /// TLS is not used.
    case none
    /// TLS is used if the server has it; without a check of its certificate (RFC 7435).
    case opportunistic
    /// No message leaves without TLS.
    case required
    /// Nor without a certificate that is valid for the server's name.
    case verified
    /// Nor without one of these certificates, by their SHA-256.
    case pinned([[UInt8]])

    /// Whether certain certificates are asked for.
    var isPinned: Bool { if case .pinned = self { true } else { false } }
    /// Whether it is certain whom a session is with.
    var isProof: Bool { self == .verified || isPinned }
  }

  /// The name of this host in EHLO and in reports.
  package var hostname: Domain
  /// The domains of this host: a report to one of its addresses goes where its mail goes.
  package var domains: Set<Domain>
  /// Who answers for this host, and hears of reports that cannot be delivered.
  package var postmaster: Mailbox
  /// Who is told of mail whose sender is nobody; nil for the postmaster.
  package var notify: Mailbox?
  /// Reports to one address within an hour.
  package var reportsPerHour: Int
  /// The servers that store the mail of some of these domains.
  package var handovers: [Domain: LMTPServer]
  /// The routes, of which the first that holds for a recipient is taken.
  package var routes: [Route]
  /// How the mail leaves that no route is for.
  package var otherwise: Route
  /// The port of MX hosts: 25, except where a test has no right to it.
  package var mxPort: UInt16
  /// The waits between attempts, of which the last repeats; never empty.
  package var retry: [Duration]
  /// The age at which a message is returned to its sender.
  package var lifetime: Duration

  package init(
    hostname: Domain, domains: Set<Domain>, postmaster: Mailbox, notify: Mailbox? = nil,
    reportsPerHour: Int = 60, handovers: [Domain: LMTPServer] = [:], routes: [Route] = [],
    otherwise: Route, mxPort: UInt16, retry: [Duration], lifetime: Duration
  ) {
    precondition(!retry.isEmpty, "there is a wait between two attempts")
    self.hostname = hostname
    self.domains = domains
    self.postmaster = postmaster
    self.notify = notify
    self.reportsPerHour = reportsPerHour
    self.handovers = handovers
    self.routes = routes
    self.otherwise = otherwise
    self.mxPort = mxPort
    self.retry = retry
    self.lifetime = lifetime
  }
}
