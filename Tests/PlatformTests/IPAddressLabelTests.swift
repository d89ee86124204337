import Testing

@testable import Platform

@Suite struct IPAddressLabelTests {
  @Test(
    "The name of an address is its octets or digits, the last first",
    arguments: [
      ("192.0.2.10", "10.2.0.192.x"), ("::ffff:0.0.0.0", "0.0.0.0.x"),
      (
        "2001:db8::abc1",
        "1.c.b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.x"
      ),
    ])
  func reverse(address: String, expected: String) throws {
    #expect(try #require(IPAddress(address)).reverseName(in: "x") == expected)
  }
}
