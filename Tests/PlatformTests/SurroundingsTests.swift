import Testing

@testable import Platform

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

  @Test("The broadcasts are those of the links of IPv4 that have more than two addresses")
  func broadcasts() throws {
    let own = [
      ("192.168.1.1", 24), ("10.1.2.3", 8), ("192.0.2.1", 32), ("192.0.2.2", 31), ("192.0.2.9", 30),
      ("2001:db8::1", 64), ("172.16.0.1", 0),
    ]
    let found = LocalAddresses.broadcasts(
      try own.map { (address: try #require(IPAddress($0.0)), prefix: $0.1) })
    #expect(found.map(\.description) == ["192.168.1.255", "10.255.255.255", "192.0.2.11"])
  }

  @Test("The loopback addresses have the prefixes that the kernel gives them")
  func loopback() throws {
    let own = try LocalAddresses.read()
    #expect(own.first { $0.address == IPAddress("127.0.0.1") }?.prefix == 8)
    let v6 = own.first { $0.address == IPAddress("::1") }
    #expect(v6.map { $0.prefix == 128 } ?? true)
  }
}
