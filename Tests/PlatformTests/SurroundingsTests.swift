import Testing

@testable import Platform

@Suite struct DefaultGatewaysTests {
  private static let head =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"

  /// A row of `/proc/net/route`, with what is not looked at left as the kernel has it.
  private static func row(
    _ gateway: String, flags: String = "0003", mask: String = "00000000"
  ) -> String {
    "eth0\t00000000\t\(gateway)\t\(flags)\t0\t0\t100\t\(mask)\t0\t0\t0   \n"
  }

  @Test(
    "A default route of IPv4 is read on processors of both byte orders",
    arguments: [("0101A8C0", true), ("C0A80101", false)])
  func order(gateway: String, isLittleEndian: Bool) {
    let table = Self.head + Self.row(gateway)
    #expect(
      DefaultGateways.parse(v4: Array(table.utf8), isLittleEndian: isLittleEndian)
        == [IPAddress(v4: 0xC0A8_0101)])
  }

  @Test(
    "Half of all addresses is a default route too, and no smaller part",
    arguments: [("00000080", true), ("000000C0", false), ("00FFFFFF", false)])
  func halves(mask: String, isDefault: Bool) {
    let table = Self.head + Self.row("0101A8C0", mask: mask)
    let gateways = DefaultGateways.parse(v4: Array(table.utf8), isLittleEndian: true)
    #expect(gateways.isEmpty == !isDefault)
  }

  @Test(
    "A route that is down, has no gateway or makes no sense is none",
    arguments: [
      row("0101A8C0", flags: "0002"), row("0101A8C0", flags: "0001"), row("00000000"),
      row("+101A8C0"), row("0101A8C0", flags: ""), row("0101A8C0FF"), row("0101A8C0", mask: "zz"),
      "eth0 0 0101A8C0 3\n", "\n\n", "", "\u{0}", "eth0\t00000000\t0101A8C0",
    ])
  func garbage(row: String) {
    #expect(DefaultGateways.parse(v4: Array(row.utf8), isLittleEndian: true) == [])
  }

  private static let any = String(repeating: "0", count: 32)
  private static let router = "fe80" + String(repeating: "0", count: 27) + "1"

  private static func v6(
    prefix: String = "00", gateway: String = router, flags: String = "00000003"
  ) -> String {
    "\(any) \(prefix) \(any) 00 \(gateway) 00000400 00000002 00000000 \(flags)     eth0\n"
  }

  @Test(
    "A default route of IPv6 is read, and 2000::/3 is one",
    arguments: [v6(), v6(prefix: "01"), v6(prefix: "03"), v6(flags: "00450003")])
  func defaultV6(row: String) throws {
    let unreachable = Self.v6(gateway: Self.any, flags: "00200200")
    let gateways = DefaultGateways.parse(v6: Array((unreachable + row).utf8))
    #expect(gateways == [try #require(IPAddress("fe80::1"))])
  }

  @Test(
    "Any other route of IPv6 is none",
    arguments: [
      v6(prefix: "04"), v6(prefix: "40"), v6(prefix: ""), v6(gateway: any),
      v6(flags: "80200001"), v6(gateway: "fe80"), v6(gateway: String(repeating: "x", count: 32)),
      "a b c", "",
    ])
  func otherV6(row: String) { #expect(DefaultGateways.parse(v6: Array(row.utf8)) == []) }
}

@Suite struct SurroundingsTests {
  @Test("The kernel tells of this machine, without a privilege")
  func machine() throws {
    let surroundings = try Surroundings.read()
    #expect(surroundings.problem == nil)
    #expect(surroundings.own.allSatisfy { !$0.isLoopback && surroundings.isOwn($0) })
    #expect(surroundings.gateways.allSatisfy { surroundings.isGateway($0) })
    #expect(!surroundings.isOwn(IPAddress(v4: 0x7F00_0001)))
  }

  @Test("The links of IPv6 are those of a site, each once")
  func links() throws {
    let own = [
      ("192.168.1.1", 24), ("fe80::1", 64), ("2001:db8:1::1", 64), ("2001:db8:1::2", 64),
      ("2001:db8:2::1", 128), ("2001:db8::1", 32), ("fd00:1::1", 48), ("::1", 128),
    ]
    let links = LocalAddresses.links(
      try own.map { (address: try #require(IPAddress($0.0)), prefix: $0.1) })
    #expect(links.map(\.description) == ["2001:db8:1::/64", "fd00:1::/48"])
  }

  @Test("The loopback addresses have the prefixes that the kernel gives them")
  func loopback() throws {
    let own = try LocalAddresses.read()
    #expect(own.first { $0.address == IPAddress("127.0.0.1") }?.prefix == 8)
    let v6 = own.first { $0.address == IPAddress("::1") }
    #expect(v6.map { $0.prefix == 128 } ?? true)
  }
}
