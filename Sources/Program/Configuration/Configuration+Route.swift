package import Mail
package import Platform
package import SASL

extension Configuration {
  /// How some of the mail leaves: a section `[route PATTERN]`, or what `[relay]` says of all other mail.
  package struct Route: Sendable {
    /// The pattern as it is written, for messages; empty for `[relay]`.
    package let name: String
    /// Which mail it is for.
    package let pattern: RoutePattern
    /// Where it goes; nil where that is not given.
    package internal(set) var via: Via?
    /// What TLS must give before a message leaves.
    package internal(set) var tls: TLSPolicy?
    /// The file or directory of the authorities that count for `verify`; nil for those of `[tls]`.
    package internal(set) var authorities: String?
    /// The entry of the secrets file to log in with; nil for not at all.
    package internal(set) var credentialsName: String?
    /// What that entry holds.
    package internal(set) var credentials: Credentials?
    /// Why they cannot be had, although the route needs them; nil where they can.
    package internal(set) var loginProblem: String?
    /// Whether TLS before version 1.3 is of no use.
    package internal(set) var needsTLS13 = false
    /// The mechanisms that may be used to log in.
    package internal(set) var mechanisms: [Mechanism] = []
    /// Whether the password may be sent without TLS over a network.
    package internal(set) var allowsLoginWithoutTLS = false
    /// The address that connections are made from; nil for any.
    package internal(set) var source: IPAddress?
    /// Messages in a minute to one destination; nil for any number.
    package internal(set) var messagesPerMinute: Int?
    /// The least time between two messages to one destination.
    package internal(set) var minimumInterval = Duration.zero
    /// Messages over one connection.
    package internal(set) var messagesPerConnection = 0
    /// Connections to one destination at the same time.
    package internal(set) var connections = 0
    /// When messages are sent; nil for any time.
    package internal(set) var window: DailyWindow?
    /// Whether lines that are too long for mail are folded.
    package internal(set) var foldsLongLines = true
    /// The address that all messages are sent from; nil for that of each.
    package internal(set) var rewriteFrom: Mailbox?
    /// Whether a message that is sent from another address gets a Reply-To.
    package internal(set) var addsReplyTo = true

    init(name: String, pattern: RoutePattern) {
      self.name = name
      self.pattern = pattern
    }

    /// The servers; empty for the mail exchangers of each domain.
    package var servers: [NextHop] { if case .servers(let servers) = via { servers } else { [] } }

    /// Whether a password may be sent without TLS: where the key says so, or where it meets no network.
    package var allowsPasswordInClear: Bool {
      allowsLoginWithoutTLS || !servers.isEmpty && servers.allSatisfy(\.isOnThisHost)
    }

    /// The least time between two messages by both of the keys about it.
    package var interval: Duration {
      max(minimumInterval, messagesPerMinute.map { .seconds(60) / $0 } ?? .zero)
    }
  }
}
