import CLinux
import TestSupport
import Testing

@testable import Platform

@Suite("The ways out of this machine") struct DefaultRoutesTests {
  /// A route to `destination/prefix`, with its gateways and what else is said of it.
  private static func route(
    _ destination: String, _ gateways: [(String, flags: UInt8)] = [], table: UInt8 = 254,
    type: Int = RTN_UNICAST, flags: UInt32 = 0
  ) throws -> [UInt8] {
    let parts = destination.split(separator: "/")
    let address = try #require(IPAddress(parts[0]))
    let prefix = try #require(UInt8(parts[1]))
    let family = address.isV4 ? AF_INET : AF_INET6
    var body: [UInt8] = [UInt8(family), prefix, 0, 0, table, 4, 0, UInt8(type)]
    body += NetlinkSample.bytes(flags)
    if prefix > 0 { body += NetlinkSample.attribute(1, octets(address)) }
    body += NetlinkSample.attribute(4, NetlinkSample.bytes(UInt32(2)))
    if gateways.count == 1 { body += NetlinkSample.attribute(5, try octets(gateways[0].0)) }
    if gateways.count > 1 {
      let hops = try gateways.flatMap { gateway, flags in
        let attribute = NetlinkSample.attribute(5, try octets(gateway))
        return NetlinkSample.bytes(UInt16(8 + attribute.count)) + [flags, 0]
          + NetlinkSample.bytes(UInt32(2)) + attribute
      }
      body += NetlinkSample.attribute(9, hops)
    }
    return NetlinkSample.message(Int(RTM_NEWROUTE), body)
  }

  private static func octets(_ address: IPAddress) -> [UInt8] {
    address.isV4 ? Array(address.bytes.suffix(4)) : address.bytes
  }

  private static func octets(_ address: String) throws -> [UInt8] {
    octets(try #require(IPAddress(address)))
  }

  @Test(
    "A route to all addresses, or to a large part of them, is a way out in either family, in any table and without a gateway",
    arguments: [
      ("0.0.0.0/0", ["192.168.1.1"], 254), ("0.0.0.0/0", [], 254), ("0.0.0.0/0", [], 100),
      ("0.0.0.0/1", ["10.8.0.1"], 254), ("128.0.0.0/1", ["10.8.0.1"], 254), ("64.0.0.0/2", [], 52),
      ("8.0.0.0/7", [], 254), ("::/0", ["fe80::1"], 254), ("::/0", [], 100),
      ("2000::/3", ["2001:db8::1"], 254), ("::/0", ["fe80::1", "fe80::2"], 254),
    ] as [(String, [String], UInt8)])
  func ways(destination: String, gateways: [String], table: UInt8) throws {
    let bytes = try Self.route(destination, gateways.map { ($0, 0) }, table: table)
    #expect(DefaultRoutes.parse(bytes).routes.map { $0.map(\.description) } == [gateways])
  }

  @Test(
    "A smaller network, groups, reserved and local addresses are no way out",
    arguments: [
      "10.0.0.0/8", "192.168.0.0/16", "192.0.2.1/32", "224.0.0.0/4", "240.0.0.0/4", "fc00::/7",
      "ff00::/8", "fe80::/64", "2001:db8::/32",
    ])
  func others(destination: String) throws {
    #expect(DefaultRoutes.parse(try Self.route(destination)).routes == [])
  }

  @Test(
    "A route that refuses, that is the machine itself or that is remembered for one host is no way out",
    arguments: [
      (RTN_UNREACHABLE, 0), (RTN_BLACKHOLE, 0), (RTN_PROHIBIT, 0), (RTN_THROW, 0), (RTN_LOCAL, 0),
      (RTN_UNICAST, UInt32(RTM_F_CLONED)),
    ] as [(Int, UInt32)])
  func refusing(type: Int, flags: UInt32) throws {
    #expect(DefaultRoutes.parse(try Self.route("0.0.0.0/0", type: type, flags: flags)).routes == [])
  }

  @Test(
    "A route over a link that is down or has no carrier leads nowhere",
    arguments: [UInt8(RTNH_F_DEAD), UInt8(RTNH_F_LINKDOWN)])
  func dead(flag: UInt8) throws {
    let single = try Self.route("0.0.0.0/0", [("192.168.1.1", 0)], flags: UInt32(flag))
    #expect(DefaultRoutes.parse(single).routes == [])
    let both = try Self.route("0.0.0.0/0", [("192.168.1.1", flag), ("192.168.2.1", flag)])
    #expect(DefaultRoutes.parse(both).routes == [])
    let one = try Self.route("0.0.0.0/0", [("192.168.1.1", flag), ("192.168.2.1", 0)])
    #expect(DefaultRoutes.parse(one).routes.map { $0.map(\.description) } == [["192.168.2.1"]])
  }

  @Test("What follows the end is not read, and what is cut or lies does no harm")
  func garbage() throws {
    let table = try Self.route("0.0.0.0/0", [("192.168.1.1", 0), ("192.168.2.1", 0)])
    let end = NetlinkSample.message(Int(NLMSG_DONE), [0, 0, 0, 0])
    #expect(DefaultRoutes.parse(end + table).routes == [])
    #expect(DefaultRoutes.parse(table + end).isLast)
    for count in table.indices {
      #expect(DefaultRoutes.parse(Array(table.prefix(count))).routes == [])
    }
    var random = FixedRandom(seed: 7)
    for _ in 0..<2000 {
      var lying = table
      for _ in 0..<4 {
        let place = Int.random(in: lying.indices, using: &random)
        lying[place] = UInt8.random(in: 0...255, using: &random)
      }
      _ = DefaultRoutes.parse(lying)
    }
  }

  @Test(
    "Addresses that no host has are told from those of hosts",
    arguments: [
      ("0.0.0.0", false), ("0.1.2.3", false), ("1.0.0.0", true), ("127.0.0.1", true),
      ("223.255.255.255", true), ("224.0.0.1", false), ("239.1.2.3", false), ("240.0.0.1", false),
      ("255.255.255.255", false), ("::ffff:224.0.0.1", false), ("::ffff:255.255.255.255", false),
      ("::ffff:0.0.0.0", false), ("::ffff:192.0.2.1", true), ("::", false), ("::1", true),
      ("ff02::1", false), ("ff0e::1", false), ("fe80::1", true), ("2001:db8::1", true),
    ])
  func hosts(address: String, mayBeHost: Bool) throws {
    #expect(try #require(IPAddress(address)).mayBeHost == mayBeHost)
  }
}
