internal import CLinux

/// The addresses that the interfaces of this machine have.
enum LocalAddresses {
  /// Those of this moment, each once and in order, with the length of the prefix that their link has.
  static func read() throws(SystemError) -> [(address: IPAddress, prefix: Int)] {
    var first: UnsafeMutablePointer<ifaddrs>?
    _ = try attempt("getifaddrs") { unsafe getifaddrs(&first) }
    defer { unsafe freeifaddrs(first) }
    var prefixes: [IPAddress: Int] = [:]
    var next = unsafe first
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      guard let address = unsafe entry.pointee.ifa_addr.flatMap({ unsafe IPAddress($0) }) else {
        continue
      }
      let mask = unsafe entry.pointee.ifa_netmask.flatMap { unsafe IPAddress($0) }
      let bits = mask?.bytes.reduce(0) { $0 + $1.nonzeroBitCount } ?? 128
      // The sixteen bytes of an address of IPv4 begin with ten of zeros and two of ones.
      prefixes[address] = mask?.isV4 == true ? bits - 16 : bits
    }
    return prefixes.map { ($0.key, $0.value) }.sorted { $0.address < $1.address }
  }

  /// The networks of IPv6 behind these addresses that hosts of the Internet may have addresses in.
  ///
  /// A prefix that is shorter than any site has (RFC 6177 §2) is no link, and one of 128 bits holds this
  /// machine alone.
  static func links(_ own: [(address: IPAddress, prefix: Int)]) -> [IPNetwork] {
    let networks = own.compactMap { address, prefix in
      !address.isV4 && !address.isLinkLocal && (48..<128).contains(prefix)
        ? IPNetwork(address, prefix: prefix) : nil
    }
    return Set(networks).sorted { $0.address < $1.address }
  }

  /// The directed broadcasts of the links of IPv4 (RFC 919 §7): a link of two addresses has none.
  static func broadcasts(_ own: [(address: IPAddress, prefix: Int)]) -> [IPAddress] {
    own.compactMap { address, prefix in
      guard let v4 = address.v4, (1..<31).contains(prefix) else { return nil }
      return IPAddress(v4: v4 | .max >> UInt32(prefix))
    }
  }
}

extension IPAddress {
  /// The address in a `sockaddr` of the length its family says; nil if that is another than IP.
  fileprivate init?(_ raw: UnsafeMutablePointer<sockaddr>) {
    let bytes = UnsafeRawPointer(raw)
    switch unsafe Int32(raw.pointee.sa_family) {
    case AF_INET:
      let v4 = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
      self.init(v4: UInt32(bigEndian: v4.sin_addr.s_addr))
    case AF_INET6:
      self.init(unsafe bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
    default: return nil
    }
  }
}
