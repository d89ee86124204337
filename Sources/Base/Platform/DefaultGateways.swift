/// The routers that get whatever this machine has no better route for, from the tables in `/proc/net`.
///
/// A route to half of all addresses is as good as a default one: VPN programs set two of them, and
/// networks of IPv6 use 2000::/3.
///
/// **Limits**: `tableBytes` of each table are read; the default route of IPv4 is the first there.
///
/// Limitation: the main table alone is seen, and of a route with several gateways the first.
enum DefaultGateways {
  /// How much of a table is read: a router with the routes of the whole Internet has 100 MB of them.
  static let tableBytes = 256 << 10

  /// The gateways of this moment, each once and in order.
  static func read() throws(SystemError) -> [IPAddress] {
    let v4 = parse(v4: try table("/proc/net/route"))
    // A kernel without IPv6 has no such file.
    var v6: [IPAddress] = []
    do throws(SystemError) {
      v6 = parse(v6: try table("/proc/net/ipv6_route"))
    } catch let error where error.isNotFound {}
    return Set(v4 + v6).sorted()
  }

  /// The gateways in the text of `/proc/net/route`, where an address is a number of the processor.
  static func parse(
    v4 table: [UInt8], isLittleEndian: Bool = 1.littleEndian == 1
  ) -> [IPAddress] {
    func number(_ field: ArraySlice<UInt8>) -> UInt32? {
      guard let value = hexadecimal(field).flatMap({ UInt32(exactly: $0) }) else { return nil }
      return isLittleEndian ? value.byteSwapped : value
    }
    return rows(of: table).compactMap { fields in
      guard fields.count >= 8, let gateway = number(fields[2]), let mask = number(fields[7]),
        hasGateway(fields[3]), mask << 1 == 0, gateway != 0
      else { return nil }
      return IPAddress(v4: gateway)
    }
  }

  /// The gateways in the text of `/proc/net/ipv6_route`.
  static func parse(v6 table: [UInt8]) -> [IPAddress] {
    rows(of: table).compactMap { fields in
      guard fields.count >= 9, let prefix = hexadecimal(fields[1]), prefix <= 3,
        hasGateway(fields[8]), fields[4].count == 32,
        let high = hexadecimal(fields[4].prefix(16)), let low = hexadecimal(fields[4].suffix(16))
      else { return nil }
      let gateway = IPAddress(high: high, low: low)
      return gateway.isUnspecified ? nil : gateway
    }
  }

  /// Whether the flags of a route say that it is in use and leads over a gateway.
  private static func hasGateway(_ flags: ArraySlice<UInt8>) -> Bool {
    let upAndGateway: UInt64 = 0x3
    return hexadecimal(flags).map { $0 & upAndGateway == upAndGateway } ?? false
  }

  private static func rows(of table: [UInt8]) -> [[ArraySlice<UInt8>]] {
    table.split(separator: UInt8(ascii: "\n")).map { line in
      line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
    // A sign would be taken too.
    guard let first = digits.first, first >= UInt8(ascii: "0") else { return nil }
    return UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  private static func table(_ path: String) throws(SystemError) -> [UInt8] {
    let file = try Descriptor.reading(path: path)
    var bytes: [UInt8] = []
    while bytes.count < tableBytes {
      if try file.read(upTo: 16 << 10, at: bytes.count, appendingTo: &bytes) == 0 { break }
    }
    return bytes
  }
}
