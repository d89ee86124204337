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
  package internal(set) var relay: Relay
  /// How some of the mail leaves; the first one that is for it holds.
  package internal(set) var routes: [Route]
  /// Who may relay for a while after a POP3 login.
  package let popBeforeSMTP: PopBeforeSMTP
  /// Where mail for the local domains goes.
  package let local: Local
  /// The servers that take the mail of some of the local domains.
  package let lmtpServers: [Domain: LMTPServer]
  /// How names are resolved.
  package let dns: DNS
  /// How long and how often delivery is tried.
  package let queue: Queue
  /// What traffic may cost.
  package let limits: Limits
  /// What clients may do before they are turned away.
  package let abuse: Abuse
  /// What becomes of the messages of SMTP clients.
  package let smtp: SMTP
  /// What is different for some SMTP clients; the first one that matches a client holds.
  package let profiles: [Profile]
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
    /// Whether a login with the right password makes a verifier for SCRAM of a hash of crypt(3).
    package let upgradesHashes: Bool
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

    /// The services by the names of their keys, and where each listens.
    package var services: [(name: String, endpoints: [Endpoint])] {
      [
        ("smtp", smtp), ("submission", submission), ("submissions", submissions), ("pop3", pop3),
        ("pop3s", pop3s),
      ]
    }
  }

  /// The section `[tls]`.
  package struct TLS: Sendable {
    /// The files of the certificate chains, PEM; at least one.
    package let certificates: [String]
    /// The files of their private keys, in the same order.
    package let keys: [String]
    /// The file or directory of the authorities by which servers are proved; nil for the system's.
    package let authorities: String?
  }

  /// The section `[relay]`.
  package struct Relay: Sendable {
    /// The networks whose hosts may relay without proof.
    package let networks: [IPNetwork]
    /// The port of mail exchangers.
    package let mxPort: UInt16
    /// The file of credentials.
    package let secrets: String
    /// How mail leaves that no section `[route PATTERN]` is for.
    package internal(set) var route: Route
  }

  /// The section `[pop-before-smtp]`.
  package struct PopBeforeSMTP: Sendable {
    /// How long a login lets its address relay.
    package let window: Duration
    /// Where a login earns that; elsewhere it earns nothing.
    package let networks: [IPNetwork]
    /// Whether it does in the IPv6 networks of this machine's links, too.
    package let includesLinks: Bool
    /// Where it never does.
    package let never: [IPNetwork]
    /// Whether only a login under TLS does.
    package let needsTLS: Bool
    /// Messages between two logins.
    package let messages: Allowance
    /// Recipients between two logins.
    package let recipients: Allowance
    /// Addresses of one user that may send at a time.
    package let perUser: Int
    /// Addresses of all users that may.
    package let inAll: Int
    /// Whether all addresses of the device that logged in may send.
    package let coversDevice: Bool
    /// Whether the /64 around an IPv6 address on a link may send.
    package let coversNetwork: Bool
  }

  /// The section `[local]`.
  package struct Local: Sendable {
    /// The file of aliases, which need not exist.
    package let aliases: String
    /// What ends the part of a local part that counts; nil for none.
    package let separator: UInt8?
    /// Who gets the mail for names that nobody has; nil for nobody.
    package let catchAll: AliasTarget?
    /// Who gets all mail for local domains; nil for those it is addressed to.
    package let redirectAll: Mailbox?
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
    /// Who is told of mail whose sender is nobody; nil for the postmaster.
    package let notifyAddress: Mailbox?
    /// Reports to one address.
    package let reportsPerHour: Int
  }

  /// The section `[limits]`.
  package struct Limits: Sendable {
    /// What a maildrop may hold whose user has no other quota; nil for as much as there is room.
    package let quota: ByteCount?
    /// How many messages; nil for any number.
    package let quotaMessages: Int?
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
    /// Messages of a user, or of an address that relays without being one.
    package let messagesPerHour: Allowance
    /// Recipients of all these messages.
    package let recipientsPerHour: Allowance
  }

  /// The section `[abuse]`; it is about addresses that are in no network of `[relay]`.
  ///
  /// An address is an IPv4 address, or a /64 of IPv6.
  package struct Abuse: Sendable {
    /// New connections of an address.
    package let connectionsPerMinute: Allowance
    /// Commands of an address.
    package let commandsPerMinute: Allowance
    /// Failed logins of an address before it is banned.
    package let failedLogins: Allowance
    /// How long a ban lasts.
    package let ban: Duration
    /// How long a client has to log in where it must.
    package let loginTime: Duration
    /// Octets a second, over any minute, that must come while content comes; nil for none.
    package let minimumRate: Int?
    /// Whether a client that talks before it is greeted is refused.
    package let refusesEarlyTalkers: Bool
    /// The zones of addresses that mail is not taken from.
    package let dnsbl: [Domain]
    /// Whether SPF is evaluated for mail from outside.
    package let addsSPF: Bool
  }

  /// The section `[smtp]`.
  package struct SMTP: Sendable {
    /// Whether a Date or Message-ID that is missing is added (RFC 6409 §8).
    package let addsMissingFields: Bool
    /// Whether Sender is added where From is no address of the user (RFC 6409 §8.1).
    package let addsSender: Bool
    /// Whether mail that leaves does not tell which client has submitted it.
    package let hidesClients: Bool
  }

  /// The section `[pop3]`.
  package struct POP3: Sendable {
    /// Where a password is taken without TLS.
    package let plainLogin: PlainLogin
    /// Where APOP is offered.
    package let apopNetworks: [IPNetwork]
    /// How long a user has to wait between two logins; nil for no time.
    package let loginDelay: Duration?
    /// After how many days messages that were read are removed; nil for never.
    package let expiryDays: Int?
  }
}
