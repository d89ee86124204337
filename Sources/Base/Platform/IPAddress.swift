internal import CLinux

/// An IPv4 or IPv6 address; an IPv4 address that is mapped into IPv6 is the IPv4 address.
///
/// Made only from what the kernel gave or from what `inet_pton` accepts, so that no odd spelling can
/// stand for another host.
package struct IPAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The sixteen bytes, most significant first, in two halves; IPv4 stands as `::ffff:a.b.c.d`.
  let high: UInt64, low: UInt64

  private static let mappedPrefix: UInt64 = 0x0000_FFFF_0000_0000

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The IPv4 address with this value in host byte order: `0x7F000001` is 127.0.0.1.
  package init(v4 value: UInt32) {
    self.init(high: 0, low: Self.mappedPrefix | UInt64(value))
  }

  /// Parses what `inet_pton` accepts: dotted decimal, or RFC 4291 §2.2 without a zone.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
    let text = String(text)
    var v4 = in_addr()
    if unsafe inet_pton(AF_INET, text, &v4) == 1 {
      self.init(v4: UInt32(bigEndian: v4.s_addr))
      return
    }
    var v6 = in6_addr()
    guard unsafe inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    self.init(v6)
  }

  init(_ raw: in6_addr) {
    let halves = unsafe withUnsafeBytes(of: raw) { bytes in
      unsafe (
        bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      )
    }
    self.init(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1))
  }

  var raw: in6_addr {
    var raw = in6_addr()
    unsafe withUnsafeMutableBytes(of: &raw) { bytes in
      unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
      unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return raw
  }

  /// Whether it is an IPv4 address.
  package var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }

  /// The IPv4 address in host byte order, nil for IPv6.
  package var v4: UInt32? { isV4 ? UInt32(truncatingIfNeeded: low) : nil }

  /// The sixteen bytes, most significant first.
  package var bytes: [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> (56 - 8 * UInt64($0 % 8))) }
  }

  /// Whether the address is the machine itself: 127.0.0.0/8 or ::1.
  package var isLoopback: Bool {
    if let v4 { return v4 >> 24 == 127 }
    return high == 0 && low == 1
  }

  /// Whether it names no host: 0.0.0.0 or ::.
  package var isUnspecified: Bool { v4 == 0 || high == 0 && low == 0 }

  /// Whether a router does not carry it beyond the link: 169.254.0.0/16 or fe80::/10.
  package var isLinkLocal: Bool {
    if let v4 { return v4 >> 16 == 0xA9FE }
    return high >> 54 == 0xFE80 >> 6
  }

  package static func < (left: IPAddress, right: IPAddress) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// Dotted decimal, or the short form of RFC 5952.
  package var description: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) {
      buffer in
      guard let base = buffer.baseAddress else { return "" }
      if let v4 {
        var raw = in_addr(s_addr: v4.bigEndian)
        unsafe inet_ntop(AF_INET, &raw, base, socklen_t(INET6_ADDRSTRLEN))
      } else {
        var raw = self.raw
        unsafe inet_ntop(AF_INET6, &raw, base, socklen_t(INET6_ADDRSTRLEN))
      }
      return unsafe String(cString: base)
    }
  }
}
