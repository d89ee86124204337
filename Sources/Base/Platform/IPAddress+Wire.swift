extension IPAddress {
  /// The address in network byte order: 4 bytes for IPv4, 16 for IPv6, nil for any other number.
  package init?(wire bytes: [UInt8]) {
    func value(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    switch bytes.count {
    case 4: self.init(v4: UInt32(value(0..<4)))
    case 16: self.init(high: value(0..<8), low: value(8..<16))
    default: return nil
    }
  }
}
