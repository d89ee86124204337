import Testing

@testable import DNS

@Suite struct DomainNameTests {
  private static let longest = String(repeating: "a23456789.", count: 25) + "abc"

  @Test(
    "A name is taken in lower case and without the dot at its end",
    arguments: [
      ("example", "example"), ("Mail.EXAMPLE.", "mail.example"),
      ("_25._tcp.a-b.c", "_25._tcp.a-b.c"),
      ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("1.2.3.4", "1.2.3.4"),
      (longest, longest), (String(repeating: "a", count: 63), String(repeating: "a", count: 63)),
    ])
  func taken(text: String, expected: String) {
    #expect(DomainName(text)?.text == expected)
  }

  @Test(
    "What cannot be a name of a host is none",
    arguments: [
      "", ".", "..", "a..b", ".a", "a..", "a b", "a\0b", "a\n", "a\\.b", "a/b", "bücher.example",
      "*.a",
      longest + "d", String(repeating: "a", count: 64), "@", "[1.2.3.4]",
    ])
  func refused(text: String) { #expect(DomainName(text) == nil) }

  @Test("A name on the wire is read label by label")
  func wireNames() {
    #expect(DomainName(wire: [4, 77, 97, 105, 108, 1, 120, 0])?.text == "mail.x")
    #expect(DomainName(wire: [0])?.text == "")
  }

  @Test(
    "Other octets are escaped, so that no two names are one",
    arguments: [
      ([3, 97, 46, 98, 0], "a\\046b"), ([1, 0, 0], "\\000"), ([1, 10, 0], "\\010"),
      ([1, 0xC3, 1, 65, 0], "\\195.a"), ([4, 48, 47, 50, 53, 1, 120, 0], "0\\04725.x"),
      ([1, 92, 0], "\\092"),
    ] as [([UInt8], String)])
  func escaped(wire: [UInt8], text: String) {
    let name = DomainName(wire: wire)
    #expect(name?.text == text)
    #expect(name?.isHostName == false)
  }

  @Test("A name of any octets is taken from text, too")
  func anyOctets() {
    #expect(
      DomainName(octets: "joe+shop.\"x y\".Example")?.text
        == "joe\\043shop.\\034x\\032y\\034.example")
    for text in ["", ".", "..", "a..b", ".a", "a..", Self.longest + "d", Self.longest + "/"] {
      #expect(DomainName(octets: text) == nil, "\(text)")
    }
    // The limit is one of octets on the wire, not of the text.
    #expect(DomainName(octets: String(repeating: "/", count: 63)) != nil)
    #expect(DomainName(octets: String(repeating: "/", count: 64)) == nil)
  }

  @Test(
    "A name on the wire that is too long or has no end is none",
    arguments: [
      [], [1], [1, 97], [2, 97, 0], [0xC0, 12], [0, 0],
      [64] + [UInt8](repeating: 97, count: 64) + [0],
      [UInt8](repeating: 1, count: 400) + [0],
    ] as [[UInt8]])
  func refusedWireNames(wire: [UInt8]) { #expect(DomainName(wire: wire) == nil) }
}
