import Mail
import Platform
import SMTP

/// The next server for some recipients: where their domain is handed over to, a server of their route, or
/// the MX hosts of their domain.
///
/// It is the key of sessions, places and failures. The route is a part of it, so that two routes to one
/// server share neither a session nor what the session has proved.
struct Hop: Hashable, Sendable, CustomStringConvertible {
  /// The server as the configuration names it, or the recipients' domain.
  let description: String
  /// The domain of the recipients; nil where one server has all mail.
  let domain: String?
  /// Which settings it is reached by: a session or a failure under older ones counts no more.
  let version: Int
  /// The place of the route in the settings; nil for a server that stores the mail of a domain of ours.
  var route: Int?
  /// The server; nil for the MX hosts of the domain.
  var server: Route.Server?
  /// Whether it takes only messages that must not leave in clear (RFC 8689): a session of its own.
  var requiresTLS = false
  /// Whether TLS has failed there and is not used (`TLSFailures`): a session of its own.
  var isInClear = false

  /// The server where LMTP is spoken to it.
  var lmtp: LMTPServer? { if case .lmtp(let server) = server { server } else { nil } }

  /// Whether TLS comes before all else.
  var isImplicitTLS: Bool {
    if case .smtp(_, _, let isImplicitTLS) = server { isImplicitTLS } else { false }
  }

  /// Whether it can be reached while the Internet cannot.
  var isLocal: Bool { server?.isLocal == true }

  /// Whether it is the same destination under whatever settings and conditions.
  func isSameDestination(as other: Hop) -> Bool {
    domain == other.domain && route == other.route && server == other.server
  }
}

/// One address of a server, with the name its certificate must be for.
struct HopAddress: Hashable, Sendable, CustomStringConvertible {
  /// Where a connection is made to.
  enum Place: Hashable, Sendable, CustomStringConvertible {
    case tcp(SocketAddress)
    case unix(path: String)

    var description: String {
      switch self {
      case .tcp(let address): "\(address)"
      case .unix(let path): "unix:\(path)"
      }
    }
  }

  let host: String
  let address: Place

  init(host: String, address: SocketAddress) {
    self.host = host
    self.address = .tcp(address)
  }

  init(host: String, _ address: Place) {
    self.host = host
    self.address = address
  }

  init(unixSocket path: String) {
    host = "localhost"
    address = .unix(path: path)
  }

  /// The address; nil for a Unix socket.
  // Where it is inlined, the optimizer of Swift 6.3.1 uses the address beyond its lifetime, and dies.
  @inline(never)
  var ipAddress: IPAddress? {
    if case .tcp(let address) = address { address.host } else { nil }
  }

  /// `mx.example.org [192.0.2.1]`, or the address alone where there is no name.
  var description: String {
    guard case .tcp(let socket) = address else { return "\(address)" }
    let address = "\(socket.host)"
    return host == address ? "[\(address)]" : "\(host) [\(address)]"
  }
}

extension LMTPServer {
  /// Whether what is said to it never leaves this machine, so that TLS would add nothing.
  var isOnThisHost: Bool {
    switch self {
    case .unix: true
    case .tcp(let host, _): host == "localhost" || IPAddress(host)?.isLoopback == true
    }
  }
}
