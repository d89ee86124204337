package import Mail
package import Platform

/// What the administrator decided: one immutable tree, complete and consistent.
///
/// Every path is absolute, every network has an even prefix, every reference to another file is
/// resolved. A value exists only when all files were free of errors, so no reader checks again.
package struct Configuration: Sendable {
  /// The host and its files.
  package let server: Server
  /// Where the services listen.
  package let listen: Listen
  /// The certificate of the listeners.
  package let tls: TLS
  /// Who may relay, and where to.
  package let relay: Relay
  /// Who may relay for a while after a POP3 login.
  package let popBeforeSMTP: PopBeforeSMTP
  /// How names are resolved.
  package let dns: DNS
  /// How long and how often delivery is tried.
  package let queue: Queue
  /// What traffic may cost.
  package let limits: Limits
  /// What is forgiven to, or demanded of, SMTP clients.
  package let smtp: SMTP
  /// What is demanded of POP3 clients.
  package let pop3: POP3
  /// What is allowed but may surprise; to be logged at the start.
  package let warnings: [Diagnostic]

  /// The section `[server]`.
  package struct Server: Sendable {
    /// The name in the greeting, in HELO and in trace fields.
    package let hostname: Domain
    /// The domains whose mail is delivered here.
    package let domains: [Domain]
    /// The directory of the queue and the maildrops.
    package let spool: String
    /// The directory of what must survive a restart.
    package let state: String
    /// The directory of what need not.
    package let runtime: String
    /// The file of users.
    package let users: String
  }

  /// The section `[listen]`; an empty list means that the service is off.
  package struct Listen: Sendable {
    /// SMTP for other hosts.
    package let smtp: [Endpoint]
    /// Submission with STARTTLS (RFC 6409).
    package let submission: [Endpoint]
    /// Submission with TLS from the start (RFC 8314 §3.3).
    package let submissions: [Endpoint]
    /// POP3 with STLS.
    package let pop3: [Endpoint]
    /// POP3 with TLS from the start.
    package let pop3s: [Endpoint]
  }

  /// The section `[tls]`.
  package struct TLS: Sendable {
    /// The file of the certificate chain, PEM.
    package let certificate: String
    /// The file of the private key, PEM.
    package let key: String
  }

  /// The section `[relay]`.
  package struct Relay: Sendable {
    /// The networks whose hosts may relay without proof.
    package let networks: [IPNetwork]
    /// Where all outgoing mail goes; nil for the MX of each domain.
    package let smarthost: Smarthost?
    /// The port of mail exchangers.
    package let mxPort: UInt16
    /// What TLS must give before a message leaves.
    package let tls: TLSPolicy
    /// How to log in at the smarthost; nil for not at all.
    package let credentials: Credentials?
  }

  /// The section `[pop-before-smtp]`.
  package struct PopBeforeSMTP: Sendable {
    /// How long a login lets its address relay.
    package let window: Duration
    /// Where a login earns that; elsewhere it earns nothing.
    package let networks: [IPNetwork]
  }

  /// The section `[dns]`.
  package struct DNS: Sendable {
    /// The servers to ask; empty for those of `/etc/resolv.conf`.
    package let nameservers: [SocketAddress]
  }

  /// The section `[queue]`.
  package struct Queue: Sendable {
    /// The waits between attempts, never empty; the last one repeats.
    package let retry: [Duration]
    /// The age at which a message is returned to its sender.
    package let lifetime: Duration
  }

  /// The section `[limits]`.
  package struct Limits: Sendable {
    /// Octets of a message as it travels.
    package let messageBytes: Int
    /// Recipients of one message.
    package let recipients: Int
    /// Open connections of all services.
    package let connections: Int
    /// Open connections of one address that is in no network of `[relay]`.
    package let connectionsPerClient: Int
    /// How long an SMTP client may be silent.
    package let commandTimeout: Duration
    /// How long a POP3 client may be silent.
    package let pop3Timeout: Duration
    /// Octets of the spool's file system that mail leaves free.
    package let freeSpaceBytes: Int
  }

  /// The section `[smtp]`.
  package struct SMTP: Sendable {
    /// Where a bare line feed is taken for a line end.
    package let bareLFNetworks: [IPNetwork]
    /// Where a password is taken without TLS.
    package let plainLogin: PlainLogin
  }

  /// The section `[pop3]`.
  package struct POP3: Sendable {
    /// Where a password is taken without TLS.
    package let plainLogin: PlainLogin
  }
}
