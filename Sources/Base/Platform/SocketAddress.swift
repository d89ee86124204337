internal import CLinux

/// An IP address and a port; the interface too where the address is link-local.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address.
  package var host: IPAddress
  /// The port, 0 for "any free one".
  package var port: UInt16
  /// The index of the interface, 0 where the address needs none (RFC 4007 §6).
  package var scope: UInt32

  package init(_ host: IPAddress, port: UInt16, scope: UInt32 = 0) {
    self.host = host
    self.port = port
    self.scope = scope
  }

  /// `192.0.2.1:25` or `[2001:db8::1]:25`.
  package var description: String { host.isV4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

  /// Calls `body` with the address as the kernel wants it.
  func withRaw<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var storage = sockaddr_storage()
    let length: Int
    if let v4 = host.v4 {
      length = MemoryLayout<sockaddr_in>.size
      unsafe withUnsafeMutableBytes(of: &storage) { bytes in
        let raw = sockaddr_in(
          sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
          sin_addr: in_addr(s_addr: v4.bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
        unsafe bytes.storeBytes(of: raw, as: sockaddr_in.self)
      }
    } else {
      length = MemoryLayout<sockaddr_in6>.size
      unsafe withUnsafeMutableBytes(of: &storage) { bytes in
        let raw = sockaddr_in6(
          sin6_family: sa_family_t(AF_INET6), sin6_port: port.bigEndian, sin6_flowinfo: 0,
          sin6_addr: host.raw, sin6_scope_id: scope)
        unsafe bytes.storeBytes(of: raw, as: sockaddr_in6.self)
      }
    }
    return unsafe withUnsafeBytes(of: &storage) { bytes in
      // The buffer is a whole sockaddr_storage, so it is there and aligned.
      let pointer = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
      guard let pointer = unsafe pointer else { preconditionFailure("a storage has an address") }
      return unsafe body(pointer, socklen_t(length))
    }
  }

  /// What the kernel wrote into `storage`; nil for a family other than IPv4 and IPv6.
  init?(_ storage: sockaddr_storage) {
    switch Int32(storage.ss_family) {
    case AF_INET:
      let raw = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in.self) }
      self.init(
        IPAddress(v4: UInt32(bigEndian: raw.sin_addr.s_addr)), port: UInt16(bigEndian: raw.sin_port)
      )
    case AF_INET6:
      let raw = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in6.self) }
      self.init(
        IPAddress(raw.sin6_addr), port: UInt16(bigEndian: raw.sin6_port), scope: raw.sin6_scope_id)
    default: return nil
    }
  }
}
