package import Mail
package import Platform
package import SASL
import Spool

/// How some of the mail leaves: for which messages it holds, to which servers, and under what conditions.
package struct Route: Sendable {
  /// Which recipients of which messages a route is for.
  package enum Pattern: Equatable, Sendable {
    /// All.
    case anything
    /// Recipients of this domain.
    case domain(Domain)
    /// Recipients of this domain and of those below it.
    case domainTree(Domain)
    /// All recipients of a sender; a report has none.
    case sender(SenderRule)
    /// All recipients of what the clients of a network hand in.
    case client(IPNetwork)
  }

  /// A server that takes the mail, whatever its domain.
  package enum Server: Hashable, Sendable, CustomStringConvertible {
    /// At a host name or an address; where `isImplicitTLS`, TLS comes before all else (RFC 8314 §3.3).
    case smtp(host: String, port: UInt16, isImplicitTLS: Bool)
    /// One that stores it.
    case lmtp(LMTPServer)

    /// As the configuration names it.
    package var description: String {
      switch self {
      case .smtp(let host, let port, let isImplicitTLS):
        "\(isImplicitTLS ? "smtps" : "smtp")://"
          + (host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)")
      case .lmtp(let server): server.description
      }
    }
  }

  /// The one address that a server takes mail from.
  package struct Rewriting: Sendable {
    /// What the envelope, `From:` and `Sender:` get.
    package var mailbox: Mailbox
    /// Whether a message without `Reply-To:` gets one with its author.
    package var addsReplyTo: Bool

    package init(mailbox: Mailbox, addsReplyTo: Bool) {
      self.mailbox = mailbox
      self.addsReplyTo = addsReplyTo
    }
  }

  /// Which recipients it is for.
  package var pattern: Pattern
  /// The servers, of which the next is tried where one takes no session; empty for the MX of each domain.
  package var servers: [Server]
  /// How to log in at the servers; nil for not at all.
  package var credentials: RelayingSettings.Credentials?
  /// Why nothing is sent at this moment: without its login a server would refuse for good what it takes with it.
  package var loginProblem: String?
  /// What TLS must give before a message leaves.
  package var encryption: RelayingSettings.Encryption
  /// The file or directory of the authorities that count for `verified`; nil for the system's.
  package var authorities: String?
  /// Whether TLS before version 1.3 is of no use.
  package var needsTLS13 = false
  /// The mechanisms that may be used to log in.
  package var mechanisms = Mechanism.allCases
  /// Whether the password may be sent without TLS.
  package var allowsPasswordInClear = false
  /// The address that connections are made from, and with it the family; nil for any.
  package var source: IPAddress?
  /// The least time between two messages to one destination.
  package var interval: Duration
  /// Messages over one connection, before it is closed to let the server balance its load.
  package var messagesPerConnection: Int
  /// Connections to one destination at the same time.
  package var connections: Int
  /// When messages are sent; nil for any time.
  package var window: DailyWindow?
  /// Whether lines that are too long for mail are folded.
  package var foldsLongLines = true
  /// The address that all of them are sent from; nil for that of each.
  package var rewriting: Rewriting?

  /// The route to the MX of each domain, or to some servers, without conditions.
  package init(
    _ pattern: Pattern = .anything, servers: [Server] = [],
    encryption: RelayingSettings.Encryption = .opportunistic
  ) {
    self.pattern = pattern
    self.servers = servers
    self.encryption = encryption
    interval = .zero
    messagesPerConnection = Limits.messagesPerConnection
    connections = Limits.connectionsPerHop
  }

  /// Whether the route is for a recipient of the domain.
  func holds(for domain: Domain?, of envelope: QueueEnvelope, from sender: Mailbox?) -> Bool {
    switch pattern {
    case .anything: true
    case .domain(let own): domain == own
    case .domainTree(let own):
      domain.map { $0 == own || $0.isBelow(own) } ?? false
    case .sender(let rule): sender.map(rule.covers) ?? false
    case .client(let network): envelope.client.map(network.contains) ?? false
    }
  }
}

extension RelayingSettings {
  /// The destinations of a recipient, of which the next is tried where one takes no session.
  ///
  /// - Parameter version: which settings these are, for a session of others counts no more.
  func hops(for domain: Domain?, of envelope: QueueEnvelope, version: Int) -> [Hop] {
    // RFC 8689 §5: a report goes to a server without REQUIRETLS rather than nowhere.
    let requiresTLS = envelope.requiresTLS && !envelope.reversePath.isEmpty
    if let lmtp = domain.flatMap({ handovers[$0] }) {
      return [
        Hop(
          description: "\(lmtp)", domain: nil, version: version, server: .lmtp(lmtp),
          requiresTLS: requiresTLS && !lmtp.isOnThisHost)
      ]
    }
    let sender = Mailbox(envelope.reversePath, allowsUTF8: true)
    let place =
      routes.firstIndex { $0.holds(for: domain, of: envelope, from: sender) } ?? routes.count
    let servers = route(at: place).servers
    if servers.isEmpty {
      let name = domain?.text ?? ""
      return [
        Hop(
          description: name, domain: name, version: version, route: place,
          requiresTLS: requiresTLS)
      ]
    }
    return servers.map { server in
      Hop(
        description: "\(server)", domain: nil, version: version, route: place, server: server,
        requiresTLS: requiresTLS && !server.isOnThisHost)
    }
  }

  /// The route at a place of `routes`; behind them, the one for all other mail.
  func route(at place: Int) -> Route { place < routes.count ? routes[place] : otherwise }
}

extension Route.Server {
  /// Whether what is said to it by LMTP never leaves this machine, so that TLS would add nothing.
  var isOnThisHost: Bool {
    if case .lmtp(let server) = self { server.isOnThisHost } else { false }
  }

  /// Whether it can be reached while the Internet cannot.
  var isLocal: Bool {
    let host: String
    switch self {
    case .lmtp(.unix): return true
    case .lmtp(.tcp(let name, _)): host = name
    case .smtp(let name, _, _): host = name
    }
    return host == "localhost"
      || IPAddress(host).map { PrivateNetworks.contain(IPNetwork($0)) } == true
  }
}
