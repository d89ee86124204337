package import Mail

/// A server that mail is handed to, as a URL names it.
package enum NextHop: Hashable, Sendable, CustomStringConvertible {
  /// One that relays it.
  case smtp(Smarthost)
  /// One that stores it.
  case lmtp(LMTPServer)

  /// The URL.
  package var description: String {
    switch self {
    case .smtp(let server): server.description
    case .lmtp(let server): server.description
    }
  }

  /// Whether nothing that is sent there crosses a wire.
  var isOnThisHost: Bool {
    switch self {
    case .smtp(let server): server.host.isLoopback
    case .lmtp(.unix): true
    case .lmtp(.tcp(let host, _)): (try? Syntax<Smarthost>.host(host[...]).isLoopback) == true
    }
  }

  /// Whether TLS comes before all else.
  var usesImplicitTLS: Bool {
    if case .smtp(let server) = self { server.usesImplicitTLS } else { false }
  }
}

/// Where the mail of a route goes.
package enum Via: Equatable, Sendable {
  /// To the mail exchangers of each domain.
  case exchangers
  /// To the first of these that takes it, never an empty list.
  case servers([NextHop])
}

extension Syntax<Via> {
  /// `mx`, or one server and those that stand in for it.
  static var via: Syntax {
    let form = "smtps://host:465, smtp://host:587, lmtp://host:port or unix:/path"
    let hop = Syntax<NextHop>(form) { text throws(Rejection) in
      let scheme = String(text).asciiLowercased
      return scheme.hasPrefix("lmtp:") || scheme.hasPrefix("unix:")
        ? .lmtp(try Syntax<LMTPServer>.lmtpServer.parse(text))
        : .smtp(try Syntax<Smarthost>.smarthost.parse(text))
    }
    let list = Syntax<[NextHop]>.list(of: hop, limit: Limits.nextHops)
    return Syntax("mx, or \(list.form)") { text throws(Rejection) in
      if text.isEmpty { throw Rejection(reason: "the value is empty") }
      if String(text).asciiLowercased == "mx" { return .exchangers }
      return .servers(try list.parse(text))
    }
  }
}
