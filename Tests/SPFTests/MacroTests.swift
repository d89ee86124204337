import Testing

@testable import SPF

@Suite("Macros") struct MacroTests {
  /// The name that `exists` asks for.
  private func name(
    _ spec: String, client: String = "192.0.2.3", greeting: String = "mail.client.example",
    sender: String = "<strong-bad@email.example.com>", zone: String = ""
  ) throws -> String {
    let domain = sender.split(separator: "@").last?.dropLast() ?? ""
    let check = try Check(
      "\(domain) TXT v=spf1 exists:\(spec)\n\(zone)", client: client, greeting: greeting,
      sender: sender)
    let last = try #require(check.questions.last)
    try #require(last.hasSuffix(" A"), "the record was not understood")
    return String(last.dropLast(2))
  }

  // The values are those of RFC 7208 §7.4.
  @Test(
    "A value is taken apart, turned round, cut and put together with dots",
    arguments: [
      ("%{s}", "strong-bad@email.example.com"), ("%{o}", "email.example.com"),
      ("%{d}", "email.example.com"), ("%{d4}", "email.example.com"), ("%{d3}", "email.example.com"),
      ("%{d2}", "example.com"), ("%{d1}", "com"), ("%{dr}", "com.example.email"),
      ("%{d2r}", "example.email"), ("%{l}", "strong-bad"), ("%{l-}", "strong.bad"),
      ("%{lr}", "strong-bad"), ("%{lr-}", "bad.strong"), ("%{l1r-}", "strong"),
      ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
      ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
      ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
      ("%{h}", "mail.client.example"), ("%{H2}.X.example.", "client.example.x.example"),
      ("%{d999}", "email.example.com"), ("%{d18446744073709551616}", "email.example.com"),
      ("%{d01}", "com"), ("a%%b%_c%-.x.example", "a%b c%20.x.example"),
      ("%{S}.x.example", "strong-bad%40email.example.com.x.example"),
      ("%{dr.-}", "com.example.email"), ("%{D}", "email.example.com"),
    ])
  func transformers(spec: String, expected: String) throws {
    #expect(try name(spec) == expected)
  }

  @Test("An IPv6 address is its hexadecimal digits")
  func v6() throws {
    let forward = "2.0.0.1.0.d.b.8" + String(repeating: ".0", count: 21) + ".c.b.1"
    #expect(try name("%{i}", client: "2001:db8::cb1") == forward)
    let reversed = "1.b.c" + String(repeating: ".0", count: 21) + ".8.b.d.0.1.0.0.2"
    #expect(
      try name("%{ir}.%{v}._spf.%{d2}", client: "2001:db8::cb1")
        == reversed + ".ip6._spf.example.com")
  }

  @Test("A local part may hold what is split at, and what is escaped")
  func oddLocalPart() throws {
    #expect(try name("%{l+_}.%{d}", sender: "<a+b_c@far.example>") == "a.b.c.far.example")
    #expect(try name("%{L}.%{d}", sender: "<\"a /b\"@far.example>") == "a%20%2fb.far.example")
    #expect(try name("%{l}.%{d}", sender: "<\"\"@far.example>") == "postmaster.far.example")
  }

  @Test("A name that is too long loses labels at its left")
  func trimming() throws {
    let label = String(repeating: "a", count: 49)
    let long = Array(repeating: label, count: 5).joined(separator: ".")  // 249 octets
    #expect(try name("b.\(long).c") == "b." + long + ".c", "253 octets")
    #expect(try name("bc.\(long).c") == long + ".c", "254 octets")
    #expect(try name("b.\(long).c.") == "b." + long + ".c", "253 octets and a dot")
    #expect(try name("%{l}b.\(long).c.") == long + ".c", "254 octets and a dot behind a macro")
    #expect(try name("%{l}.x.\(long).c") == "x." + long + ".c")
    #expect(try name(String(repeating: "a", count: 300) + ".c") == "c")
    // One label that is too long is no name; the resolver says so.
    #expect(try name("x." + String(repeating: "a", count: 300)) == "")
  }

  @Test(
    "The client's own name counts only if it leads back to the client",
    arguments: [
      ("", "unknown"), ("192.0.2.3 PTR !", "unknown"),
      ("192.0.2.3 PTR mx.other.example", "unknown"),
      ("192.0.2.3 PTR mx.other.example\nmx.other.example A 192.0.2.4", "unknown"),
      ("192.0.2.3 PTR mx.other.example\nmx.other.example A !", "unknown"),
      ("192.0.2.3 PTR mx.other.example\nmx.other.example A 192.0.2.3", "mx.other.example"),
      (
        """
        192.0.2.3 PTR mx.other.example
        192.0.2.3 PTR mx.email.example.com
        192.0.2.3 PTR email.example.com
        mx.other.example A 192.0.2.3
        mx.email.example.com A 192.0.2.3
        email.example.com A 192.0.2.3
        """, "email.example.com"
      ),
      (
        """
        192.0.2.3 PTR mx.other.example
        192.0.2.3 PTR mx.email.example.com
        192.0.2.3 PTR email.example.com
        mx.other.example A 192.0.2.3
        mx.email.example.com A 192.0.2.3
        """, "mx.email.example.com"
      ),
    ])
  func validatedName(zone: String, expected: String) throws {
    #expect(try name("%{p}.x.example", zone: zone) == expected + ".x.example")
  }
}
