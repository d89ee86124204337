import Platform
import TestSupport
import Testing

@testable import SPF

@Suite("Records") struct RecordTests {
  private func record(_ text: String) -> Record? { Record(Array(text.utf8)) }

  @Test(
    "Only what begins with the version and a space or the end is a record",
    arguments: [
      ("v=spf1", true), ("v=spf1 -all", true), ("V=SPF1 -all", true), ("v=spf10 -all", false),
      ("v=spf1-all", false), (" v=spf1", false), ("v=spf", false), ("", false),
      ("v=spf2.0/pra -all", false), ("v=spf1\t-all", false),
    ])
  func version(text: String, expected: Bool) {
    #expect(Record.isRecord(Array(text.utf8)) == expected)
  }

  @Test(
    "What the grammar allows is understood",
    arguments: [
      "v=spf1", "v=spf1  ", "v=spf1   -all  ", "v=spf1 ALL", "v=spf1 +all ?all ~all",
      "v=spf1 a mx ptr", "v=spf1 A:B.example MX/24 Ptr:c.example", "v=spf1 a/0 a//0 a/32//128",
      "v=spf1 a:x.example/24//64 mx:x.example//64", "v=spf1 a:x.example.",
      "v=spf1 a:under_score.ex",
      "v=spf1 a:foo:bar/baz.example", "v=spf1 a:x.3com", "v=spf1 a:x.a-b", "v=spf1 a:x.1-2",
      "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip4:0.0.0.0/0", "v=spf1 ip6:2001:db8::/32 ip6:::/0",
      "v=spf1 ip6:::ffff:192.0.2.1/96", "v=spf1 include:a.example exists:%{i}.x.example",
      "v=spf1 include:%{d} a:%{d2r.-+,/_=} a:%{H}", "v=spf1 a:x.%%", "v=spf1 redirect=a.example",
      "v=spf1 REDIRECT=a.example Exp=b.example", "v=spf1 -all redirect=a.example",
      "v=spf1 moo= moo=a moo=%{c}%{r}%{t}%%%_%- x-1.b_c=/=:~", "v=spf1 all=1 ip4=x a=b",
      "v=spf1 exists:%{l0127}.x.example a:%{d99999999999}",
    ])
  func valid(text: String) { #expect(record(text) != nil) }

  @Test(
    "An error anywhere is an error of the whole record",
    arguments: [
      "v=spf1 -all unknown", "v=spf1 all:x.example", "v=spf1 all/8", "v=spf1 -", "v=spf1 +-all",
      "v=spf1 -all\u{0}", "v=spf1 a\tmx", "v=spf1 a:\u{E4}.example", "v=spf1 a:", "v=spf1 a/",
      "v=spf1 a/33", "v=spf1 a//129", "v=spf1 a/024", "v=spf1 a/24/64", "v=spf1 a//64/24",
      "v=spf1 a/1234", "v=spf1 a/x", "v=spf1 a:x.example/", "v=spf1 a:x.example:80",
      "v=spf1 a:localhost", "v=spf1 a:localhost.", "v=spf1 a:192.0.2.1", "v=spf1 a:x.-com",
      "v=spf1 a:x.com-", "v=spf1 a:x..", "v=spf1 a:%{d}com", "v=spf1 a:%{d}.", "v=spf1 a24",
      "v=spf1 include", "v=spf1 include:", "v=spf1 include:x.example/24",
      "v=spf1 exists", "v=spf1 exists/24", "v=spf1 ptr:", "v=spf1 ptr/24", "v=spf1 ip4",
      "v=spf1 ip4:", "v=spf1 ip4:192.0.2", "v=spf1 ip4:192.0.2.256", "v=spf1 ip4:192.0.2.0/33",
      "v=spf1 ip4:192.0.2.0/", "v=spf1 ip4:192.0.2.0//24", "v=spf1 ip4:192.0.2.0/08",
      "v=spf1 ip4:2001:db8::1", "v=spf1 ip4:::ffff:192.0.2.1", "v=spf1 ip6:192.0.2.1",
      "v=spf1 ip6:2001:db8::/129", "v=spf1 ip6:2001:db8", "v=spf1 ip6:fe80::1%eth0",
      "v=spf1 redirect=", "v=spf1 redirect=x", "v=spf1 redirect=a.ex redirect=a.ex",
      "v=spf1 exp=", "v=spf1 exp=a.ex exp=a.ex", "v=spf1 -redirect=a.ex", "v=spf1 redirect:a.ex",
      "v=spf1 1moo=x", "v=spf1 =x", "v=spf1 moo=%", "v=spf1 moo=%{", "v=spf1 moo=%{}",
      "v=spf1 moo=%{x}", "v=spf1 a:%{d", "v=spf1 a:%d", "v=spf1 a:%{d0}", "v=spf1 a:%{d000}",
      "v=spf1 a:%{dr2}", "v=spf1 a:%{d;}", "v=spf1 a:%{ d}", "v=spf1 a:%{c}", "v=spf1 a:%{r}.ex",
      "v=spf1 exp=%{t}.example",
    ])
  func invalid(text: String) { #expect(record(text) == nil) }

  @Test("A mechanism is what it says")
  func mechanisms() throws {
    let parsed = try #require(record("v=spf1 -ip4:192.0.2.7/24 ~ip6:::ffff:0:0/96 ?mx/24//64 a"))
    let network = IPNetwork(IPAddress(v4: 0xC000_0200), prefix: 24)
    var lengths = PrefixLengths()
    lengths.v4 = 24
    lengths.v6 = 64
    #expect(
      parsed.directives == [
        .init(verdict: .fail, mechanism: .network(network)),
        .init(verdict: .softfail, mechanism: .network(nil)),
        .init(verdict: .neutral, mechanism: .mx(nil, lengths)),
        .init(verdict: .pass, mechanism: .a(nil, PrefixLengths())),
      ])
  }

  @Test("A record of the longest length is understood, and one octet more is an error")
  func length() {
    let start = "v=spf1 moo="
    let longest = start + String(repeating: "x", count: Limits.recordBytes - start.utf8.count)
    #expect(record(longest) != nil)
    #expect(record(longest + "x") == nil)
  }

  @Test("As many terms as a record may have are understood, and one more is an error")
  func terms() {
    let most = "v=spf1" + String(repeating: " a", count: Limits.terms)
    #expect(record(most)?.directives.count == Limits.terms)
    #expect(record(most + " a") == nil)
  }

  @Test("Noise and damaged records are no danger", arguments: 0..<20 as Range<UInt64>)
  func noise(seed: UInt64) {
    var random = FixedRandom(seed: seed)
    let seeds = [
      "v=spf1 a:foo:bar/baz.example/24//64 mx/8 ptr:x.example -all",
      "v=spf1 include:%{d2r.-} exists:%{I}.%{ir}.%{v}._spf.%{h} redirect=%{o}",
      "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 exp=x.%{d} moo=%%%_%-",
    ].map { Array($0.utf8) }
    let bytes = Array(" %{}/:=.-+~?rdilshopv0123456789a\u{0}\t\u{FF}".utf8)
    for _ in 0..<300 {
      var text = seeds.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: text[place] = bytes.randomElement(using: &random) ?? 0
        case 1: text.insert(bytes.randomElement(using: &random) ?? 0, at: place)
        default: text.removeSubrange(place..<min(text.count - 1, place + 3))
        }
      }
      text = Array("v=spf1 ".utf8) + text
      guard let record = Record(text) else { continue }
      #expect(record.directives.count <= Limits.terms)
      for directive in record.directives {
        guard case .exists(let spec) = directive.mechanism else { continue }
        let name = spec.name { _ in String(repeating: "label.", count: 60) }
        #expect(name.utf8.count <= Limits.nameBytes)
      }
    }
  }
}
