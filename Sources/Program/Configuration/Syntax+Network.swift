import Mail
import Platform

extension Syntax<Domain> {
  /// The name of a host or mail domain, in ASCII.
  static var domain: Syntax {
    Syntax("a domain name such as home.example") { text throws(Rejection) in
      guard let domain = Domain(String(text)) else {
        let isIDN = text.utf8.contains { $0 >= 0x80 }
        throw Rejection(
          reason: "\(quoted(text)) is not a domain name"
            + (isIDN ? " in ASCII; write its xn-- form" : ""))
      }
      return domain
    }
  }
}

extension Syntax<Endpoint> {
  /// Where to listen: a port on every address, or on one.
  static var endpoint: Syntax {
    Syntax("\"port\", \"address:port\" or \"[v6 address]:port\"") { text throws(Rejection) in
      if let port = text.decimal { return Endpoint(address: nil, port: try Self.port(port)) }
      let address = try Syntax<SocketAddress>.socketAddress(text, defaultPort: nil)
      return Endpoint(address: address.host, port: address.port)
    }
  }

  private static func port(_ number: Int) throws(Rejection) -> UInt16 {
    try Syntax<SocketAddress>.port("\(number)")
  }
}

extension Syntax<UInt16> {
  /// A port.
  static var port: Syntax {
    Syntax("a port") { text throws(Rejection) in try Syntax<SocketAddress>.port(text) }
  }
}

extension Syntax<[Endpoint]> {
  /// Where to listen; `off` for nowhere.
  static var endpoints: Syntax {
    let list = Syntax.nonEmptyList(of: .endpoint)
    return Syntax("\(list.form), or off") { text throws(Rejection) in
      String(text).asciiLowercased == "off" ? [] : try list.parse(text)
    }
  }
}

extension Syntax<SocketAddress> {
  /// The address of a server, with a port or without.
  static func server(defaultPort: UInt16) -> Syntax {
    Syntax("an IP address, or \"address:port\" or \"[v6 address]:port\"") {
      text throws(Rejection) in
      try socketAddress(text, defaultPort: defaultPort)
    }
  }

  static func socketAddress(
    _ text: Substring, defaultPort: UInt16?
  ) throws(Rejection) -> SocketAddress {
    if let host = IPAddress(text) {
      // An IPv6 address without brackets ends in what could be meant as its port.
      guard let defaultPort else {
        let bracketed = host.isV4 ? "\(text)" : "[\(text)]"
        throw Rejection(
          reason: "\(quoted(text)) has no port; write \(bracketed):PORT", isComplete: true)
      }
      return SocketAddress(host, port: defaultPort)
    }
    let (host, port) = try splitPort(text)
    guard let address = IPAddress(host) else {
      throw Rejection(reason: "\(quoted(host)) is not an IP address")
    }
    guard let port = try port.map(Self.port) ?? defaultPort else {
      throw Rejection(reason: "\(quoted(text)) has no port")
    }
    return SocketAddress(address, port: port)
  }

  /// The host, without brackets, and the port's text if there is one.
  static func splitPort(
    _ text: Substring
  ) throws(Rejection) -> (host: Substring, port: Substring?) {
    if text.utf8.first == UInt8(ascii: "[") {
      guard let close = text.utf8.lastIndex(of: UInt8(ascii: "]")) else {
        throw Rejection(reason: "\(quoted(text)) lacks the closing bracket")
      }
      let host = text[text.utf8.index(after: text.startIndex)..<close]
      let rest = text[text.utf8.index(after: close)...]
      // Brackets are for IPv6 alone: "[10.0.0.1]" is a literal of mail, not of a socket.
      guard let address = IPAddress(host), !address.isV4 else {
        throw Rejection(reason: "\(quoted(host)) is not an IPv6 address")
      }
      if rest.isEmpty { return (host, nil) }
      guard rest.utf8.first == UInt8(ascii: ":") else {
        throw Rejection(reason: "\(quoted(text)) has no \":\" before the port")
      }
      return (host, Substring(rest.utf8.dropFirst()))
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return (text, nil) }
    let host = text[..<colon]
    guard !host.utf8.contains(UInt8(ascii: ":")) else {
      throw Rejection(reason: "\(quoted(text)): an IPv6 address stands in brackets before a port")
    }
    return (host, text[text.utf8.index(after: colon)...])
  }

  static func port(_ text: some StringProtocol) throws(Rejection) -> UInt16 {
    guard let number = Substring(text).decimal, (1...65_535).contains(number) else {
      throw Rejection(reason: "\(quoted(text)) is not a port from 1 to 65535")
    }
    return UInt16(number)
  }
}

extension Syntax<IPNetwork> {
  /// A range of addresses in CIDR form; an address alone is the range of that address.
  static var network: Syntax {
    Syntax("a network such as 192.168.0.0/16 or fd00::/8, or an address") {
      text throws(Rejection) in
      let slash = text.utf8.firstIndex(of: UInt8(ascii: "/"))
      guard let address = IPAddress(text[..<(slash ?? text.endIndex)]) else {
        throw Rejection(reason: "\(quoted(text)) is not a network")
      }
      guard let slash else { return IPNetwork(address) }
      let prefix = text[text.utf8.index(after: slash)...].decimal
      guard let prefix, let network = IPNetwork(address, prefix: prefix) else {
        throw Rejection(
          reason: "\(quoted(text)) has no prefix length from 0 to \(address.isV4 ? 32 : 128)")
      }
      // Whoever writes 192.168.1.5/16 meant one host or one network: it is not ours to choose,
      // since the wider reading may relay for strangers.
      guard network.address == address else {
        throw Rejection(
          reason: "\(quoted(text)) has bits set after the prefix; "
            + "write \(address) for the host or \(network) for the network",
          isComplete: true)
      }
      return network
    }
  }
}

extension Syntax<[IPNetwork]> {
  /// All networks, none, or some.
  static var networksOrAll: Syntax {
    let some = Syntax.list(of: .network)
    return Syntax("yes, no, or \(some.form)") { text throws(Rejection) in
      if let isAll = try? Syntax<Bool>.boolean.parse(text) {
        return isAll
          ? ["0.0.0.0", "::"].compactMap { IPAddress($0).flatMap { IPNetwork($0, prefix: 0) } } : []
      }
      return try some.parse(text)
    }
  }
}
