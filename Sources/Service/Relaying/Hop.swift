import Mail
import Platform
import SMTP

/// The next server for some recipients: where their domain is handed over to, a smarthost, or the MX
/// hosts of their domain.
struct Hop: Hashable, Sendable, CustomStringConvertible {
  /// The server's name and port, or the recipients' domain.
  let description: String
  /// The domain of the recipients; nil where one server has all mail.
  let domain: String?
  /// Which settings it is reached by: a session or a failure under older ones counts no more.
  let version: Int
  /// The server that stores the mail of a domain of ours; nil for one that relays it.
  var lmtp: LMTPServer?
  /// Whether it takes only messages that must not leave in clear (RFC 8689): a session of its own.
  var requiresTLS = false
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

  init(unixSocket path: String) {
    host = "localhost"
    address = .unix(path: path)
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
