import Testing

@testable import Platform

@Suite struct IPNetworkTests {
  @Test(
    "An address is printed in its canonical form",
    arguments: [
      ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
      ("2001:DB8:0::1", "2001:db8::1"),
      ("::1", "::1"), ("::", "::"), ("0.0.0.0", "0.0.0.0"),
    ])
  func canonical(text: String, expected: String) throws {
    #expect(try #require(IPAddress(text)).description == expected)
  }

  @Test(
    "A spelling that inet_pton refuses is no address",
    arguments: [
      "", "1", "1.2.3", "0x7f.1", "127.1", "1.2.3.4 ", "fe80::1%eth0", "1.2.3.4\0", "::g",
    ])
  func refused(text: String) { #expect(IPAddress(text) == nil) }

  @Test(
    "A network holds what its prefix says",
    arguments: [
      ("10.0.0.0", 8, "10.255.255.255", true), ("10.0.0.0", 8, "11.0.0.0", false),
      ("0.0.0.0", 0, "255.1.2.3", true), ("0.0.0.0", 0, "2001:db8::1", false),
      ("::", 0, "2001:db8::1", true), ("::", 0, "192.0.2.1", false),
      ("2001:db8::", 64, "2001:db8::ffff", true), ("2001:db8::", 64, "2001:db8:0:1::", false),
      ("2001:db8::8", 126, "2001:db8::b", true), ("2001:db8::8", 126, "2001:db8::c", false),
      ("192.0.2.7", 32, "192.0.2.7", true), ("192.0.2.7", 32, "192.0.2.6", false),
      ("192.0.2.0", 24, "::ffff:192.0.2.9", true),
    ])
  func containment(base: String, prefix: Int, address: String, expected: Bool) throws {
    let first = try #require(IPAddress(base))
    let network = try #require(IPNetwork(first, prefix: prefix))
    #expect(network.contains(try #require(IPAddress(address))) == expected)
  }

  @Test("A prefix longer than the address is refused")
  func prefixRange() throws {
    let v4 = try #require(IPAddress("10.0.0.0"))
    #expect(IPNetwork(v4, prefix: 33) == nil)
    #expect(IPNetwork(v4, prefix: -1) == nil)
  }

  @Test("Loopback, unspecified and link-local addresses are told apart")
  func kinds() throws {
    #expect(try #require(IPAddress("127.9.9.9")).isLoopback)
    #expect(try #require(IPAddress("::ffff:127.0.0.1")).isLoopback)
    #expect(try #require(IPAddress("::1")).isLoopback)
    #expect(!(try #require(IPAddress("::2")).isLoopback))
    #expect(try #require(IPAddress("0.0.0.0")).isUnspecified)
    #expect(try #require(IPAddress("::")).isUnspecified)
    #expect(try #require(IPAddress("fe80::1")).isLinkLocal)
    #expect(try #require(IPAddress("169.254.1.1")).isLinkLocal)
    #expect(!(try #require(IPAddress("fec0::1")).isLinkLocal))
  }
}
