/// A server that stores the mail of a domain of ours, and is spoken to by LMTP (RFC 2033).
package enum LMTPServer: Hashable, Sendable, CustomStringConvertible {
  /// At a host name or an address, and a TCP port, which is never 25 (RFC 2033 §5).
  case tcp(host: String, port: UInt16)
  /// At a Unix socket with this path.
  case unix(path: String)

  /// As the configuration names it.
  package var description: String {
    switch self {
    case .tcp(let host, let port):
      host.utf8.contains(.colon) ? "lmtp://[\(host)]:\(port)" : "lmtp://\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}
