internal import CLinux

/// The addresses that the interfaces of this machine have.
enum LocalAddresses {
  /// Those of this moment, each once and in order, without the loopback ones.
  static func read() throws(SystemError) -> [IPAddress] {
    var first: UnsafeMutablePointer<ifaddrs>?
    _ = try attempt("getifaddrs") { unsafe getifaddrs(&first) }
    defer { unsafe freeifaddrs(first) }
    var addresses: Set<IPAddress> = []
    var next = unsafe first
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      if let address = unsafe entry.pointee.ifa_addr.flatMap({ unsafe IPAddress($0) }) {
        addresses.insert(address)
      }
    }
    return addresses.filter { !$0.isLoopback && !$0.isUnspecified }.sorted()
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
