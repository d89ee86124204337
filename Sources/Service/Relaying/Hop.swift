import Platform

/// The next server for some recipients: a smarthost, or the MX hosts of their domain.
struct Hop: Hashable, Sendable, CustomStringConvertible {
  /// The smarthost's name and port, or the recipients' domain.
  let description: String
  /// The domain of the recipients; nil for the smarthost.
  let domain: String?
  /// Which settings it is reached by: a session or a failure under older ones counts no more.
  let version: Int
}

/// One address of a server, with the name its certificate must be for.
struct HopAddress: Hashable, Sendable, CustomStringConvertible {
  let host: String
  let address: SocketAddress

  /// `mx.example.org [192.0.2.1]`, or the address alone where there is no name.
  var description: String {
    let address = "\(address.host)"
    return host == address ? "[\(address)]" : "\(host) [\(address)]"
  }
}
