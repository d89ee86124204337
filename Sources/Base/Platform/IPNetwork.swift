/// A range of addresses with a common prefix (RFC 4632 §3.1, RFC 4291 §2.3).
package struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
  /// The first address of the range.
  package let address: IPAddress

  /// The length of the prefix in bits, 0...32 for IPv4 and 0...128 for IPv6.
  package let prefix: Int

  /// The network of that prefix that `address` is in; nil if the prefix is out of range.
  package init?(_ address: IPAddress, prefix: Int) {
    guard (0...(address.isV4 ? 32 : 128)).contains(prefix) else { return nil }
    let mask = Self.mask(address.isV4 ? prefix + 96 : prefix)
    self.address = IPAddress(high: address.high & mask.high, low: address.low & mask.low)
    self.prefix = prefix
  }

  /// The network that holds this address alone.
  package init(_ address: IPAddress) {
    self.address = address
    prefix = address.isV4 ? 32 : 128
  }

  /// Whether the address is in the range; an IPv4 address is never in an IPv6 range.
  package func contains(_ other: IPAddress) -> Bool {
    guard other.isV4 == address.isV4 else { return false }
    let mask = Self.mask(address.isV4 ? prefix + 96 : prefix)
    return other.high & mask.high == address.high && other.low & mask.low == address.low
  }

  /// Whether every address of the other range is in this one.
  package func contains(_ other: IPNetwork) -> Bool {
    other.prefix >= prefix && contains(other.address)
  }

  /// `address/prefix`, or the address alone when it is the whole range.
  package var description: String {
    prefix == (address.isV4 ? 32 : 128) ? "\(address)" : "\(address)/\(prefix)"
  }

  private static func mask(_ bits: Int) -> (high: UInt64, low: UInt64) {
    // A shift by 64 or more gives 0 in Swift, so both halves need no special case.
    (bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits)), ~(UInt64.max >> UInt64(max(0, bits - 64))))
  }
}
