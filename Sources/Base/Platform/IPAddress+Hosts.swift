extension IPAddress {
  /// Whether a host may have the address.
  ///
  /// None has one of 0.0.0.0/8 (RFC 1122 §3.2.1.3), of 224.0.0.0/4, which are groups of hosts, of 240.0.0.0/4, which
  /// are reserved and whose last one means every host of a link (RFC 1112 §4, RFC 919 §7), `::`, or one of ff00::/8
  /// (RFC 4291 §2.7).
  package var mayBeHost: Bool {
    if let v4 { return v4 >> 24 != 0 && v4 >> 24 < 224 }
    return !isUnspecified && high >> 56 != 0xFF
  }
}
