extension IPAddress {
  /// The address as labels of a DNS name, most significant first.
  ///
  /// Four numbers for IPv4 (RFC 1035 §3.5), 32 hexadecimal digits for IPv6 (RFC 3596 §2.5). Reversed
  /// and below a zone they are the name under which the DNS knows something about an address.
  package var labels: [String] {
    if let v4 { return (0..<4).map { String(v4 >> (24 - 8 * UInt32($0)) & 0xFF) } }
    return bytes.flatMap { [String($0 >> 4, radix: 16), String($0 & 0xF, radix: 16)] }
  }

  /// The name in the DNS that belongs to the address, below `zone`.
  package func reverseName(in zone: String) -> String {
    labels.reversed().joined(separator: ".") + "." + zone
  }
}
