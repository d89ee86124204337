import Mail
import Platform

extension Syntax<LMTPServer> {
  /// `lmtp://host:port` or `unix:/path`; LMTP has no port of its own, and never 25 (RFC 2033 §5).
  static var lmtpServer: Syntax {
    Syntax("lmtp://host:port or unix:/path") { text throws(Rejection) in
      let lowercased = String(text).asciiLowercased
      if lowercased.hasPrefix("unix:") {
        let path = try Syntax<String>.path.parse(Substring(text.utf8.dropFirst(5)))
        guard path.utf8.count <= Limits.socketPathBytes else {
          throw Rejection(
            reason: "\(quoted(path)) is longer than the \(Limits.socketPathBytes) octets"
              + " that the path of a socket may have", isComplete: true)
        }
        return .unix(path: path)
      }
      guard lowercased.hasPrefix("lmtp://") else {
        throw Rejection(reason: "\(quoted(text)) does not start with lmtp:// or unix:")
      }
      var rest = Substring(text.utf8.dropFirst(7))
      if rest.utf8.last == UInt8(ascii: "/") { rest = Substring(rest.utf8.dropLast()) }
      let (name, port) = try Syntax<SocketAddress>.splitPort(rest)
      let host = try Syntax<Smarthost>.host(name)
      guard let port else { throw Rejection(reason: "\(quoted(text)) has no port") }
      return .tcp(host: host.description, port: try Syntax<SocketAddress>.port(port))
    }
  }
}
