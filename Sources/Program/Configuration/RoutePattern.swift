package import Mail
package import Platform

/// Which mail a section `[route PATTERN]` is for.
package enum RoutePattern: Hashable, Sendable {
  /// All: `*`.
  case anything
  /// Mail for a domain: `far.example`.
  case domain(Domain)
  /// Mail for a domain and those below it: `.far.example`.
  case domainTree(Domain)
  /// Mail of a sender: `from:anna@home.example`, `from:@home.example`.
  case sender(SenderRule)
  /// Mail that devices of a network hand in: `from:192.168.3.0/24`.
  case client(IPNetwork)
}

extension Syntax<RoutePattern> {
  static var routePattern: Syntax {
    Syntax(
      "a domain, .domain for those below it too, *, from:address, from:@domain or from:network"
    ) { text throws(Rejection) in
      if text == "*" { return .anything }
      if text.utf8.starts(with: "from:".utf8) {
        let rest = Substring(text.utf8.dropFirst(5))
        if rest.utf8.contains(.at) {
          return .sender(try Syntax<SenderRule>.senderRule.parse(rest))
        }
        return .client(try Syntax<IPNetwork>.network.parse(rest))
      }
      if text.utf8.first == .dot {
        return .domainTree(try Syntax<Domain>.domain.parse(text.dropFirst()))
      }
      return .domain(try Syntax<Domain>.domain.parse(text))
    }
  }
}
