package import Mail
package import Platform

/// The server that takes all outgoing mail, as a URL names it.
package struct Smarthost: Hashable, Sendable, CustomStringConvertible {
  /// How the server is named.
  package enum Host: Hashable, Sendable, CustomStringConvertible {
    /// A name whose addresses are looked up; its MX is not, for a smarthost is a host.
    case name(Domain)
    /// An address.
    case address(IPAddress)

    /// The name or the bare address.
    package var description: String {
      switch self {
      case .name(let domain): domain.text
      case .address(let address): address.description
      }
    }

    /// The name, or the address as a URL has it.
    var inURL: String {
      if case .address(let address) = self, !address.isV4 { return "[\(address)]" }
      return description
    }

    /// Whether it is this machine, so that nothing sent there crosses a wire.
    package var isLoopback: Bool {
      switch self {
      case .name(let domain): domain.text == "localhost"
      case .address(let address): address.isLoopback
      }
    }
  }

  /// The host.
  package let host: Host
  /// The port.
  package let port: UInt16
  /// Whether TLS starts with the connection (`smtps`, RFC 8314 §3.3), not with STARTTLS.
  package let usesImplicitTLS: Bool

  /// The reason to doubt the scheme, where the port is known for the other one.
  var remark: String? {
    switch (usesImplicitTLS, port) {
    case (false, 465):
      "servers speak TLS from the start on port 465, and wait in vain for it here; write smtps://\(host.inURL):465"
    case (true, 587), (true, 25):
      "servers speak TLS only after STARTTLS on port \(port); write smtp://\(host.inURL):\(port)"
    default: nil
    }
  }

  /// The URL with its port.
  package var description: String {
    "\(usesImplicitTLS ? "smtps" : "smtp")://\(host.inURL):\(port)"
  }
}

extension Syntax<Smarthost> {
  /// `smtp://host:port` or `smtps://host:port`, by default port 25 or 465.
  static var smarthost: Syntax {
    Syntax("smtp://host:port or smtps://host:port") { text throws(Rejection) in
      let schemes = [("smtp://", false, 25), ("smtps://", true, 465)] as [(String, Bool, UInt16)]
      let lowercased = String(text).asciiLowercased
      guard let scheme = schemes.first(where: { lowercased.hasPrefix($0.0) }) else {
        throw Rejection(reason: "\(quoted(text)) does not start with smtp:// or smtps://")
      }
      var rest = Substring(text.utf8.dropFirst(scheme.0.utf8.count))
      if rest.utf8.last == UInt8(ascii: "/") { rest = Substring(rest.utf8.dropLast()) }
      if rest.utf8.contains(UInt8(ascii: "@")) {
        // Not quoted: what stands before the at sign is a password.
        throw Rejection(
          reason: "a URL must not hold a user or password; put them into the secrets file"
            + " and name the entry with \"credentials\"", isComplete: true)
      }
      let (name, port) = try Syntax<SocketAddress>.splitPort(rest)
      return Smarthost(
        host: try host(name), port: try port.map(Syntax<SocketAddress>.port) ?? scheme.2,
        usesImplicitTLS: scheme.1)
    }
  }

  static func host(_ name: Substring) throws(Rejection) -> Smarthost.Host {
    if let address = IPAddress(name) { return .address(address) }
    return .name(try Syntax<Domain>.domain.parse(name))
  }
}
