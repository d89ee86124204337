import Testing

@testable import Mail

@Suite("Addresses")
struct AddressTests {
  @Test(
    "A domain is kept in lower case",
    arguments: [
      ("Home.Example", "home.example"), ("localhost", "localhost"), ("a-b.c1", "a-b.c1"),
      ("under_score.example", "under_score.example"), ("1.2.3.example", "1.2.3.example"),
      ("[192.0.2.1]", "[192.0.2.1]"), ("[ipv6:2001:DB8::1]", "[IPv6:2001:db8::1]"),
    ])
  func domains(text: String, canonical: String) {
    #expect(Domain(ArraySlice(text.utf8))?.text == canonical)
  }

  @Test(
    "What is no domain is refused",
    arguments: [
      "", ".", "a.", ".a", "a..b", "-a.example", "a-.example", "a b", "192.0.2.1", "a.123",
      "b\u{FC}ro.example", "a\u{0}b", "[", "[]", "[192.0.2.1", "[192.0.2.1]x", "[256.0.0.1]",
      "[1.2.3]", "[01.2.3.4]", "[2001:db8::1]", "[IPv6:1.2.3.4]", "[x:y]",
      String(repeating: "a", count: 64) + ".example",
      Array(repeating: String(repeating: "a", count: 50), count: 6).joined(separator: "."),
    ])
  func badDomains(text: String) {
    #expect(Domain(ArraySlice(text.utf8)) == nil)
  }

  @Test(
    "An IPv6 address has one canonical text",
    arguments: [
      ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
      ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
      ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
      ("1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"),
    ])
  func ipv6(text: String, canonical: String) {
    #expect(AddressLiteral(address: text)?.address == canonical)
  }

  @Test(
    "What is no IPv6 address is refused",
    arguments: [
      ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::",
      "1:2:3:4:5:6:7:",
      ":1:2:3:4:5:6:7", "1:2:3:4::5:6:7:8", "1.2.3.4::", "::1.2.3", "fe80::1%eth0",
    ])
  func badIPv6(text: String) {
    #expect(AddressLiteral(address: text) == nil)
  }

  @Test(
    "A mailbox has one canonical text",
    arguments: [
      ("Alice@Home.Example", "Alice@home.example"), ("\"alice\"@a.b", "alice@a.b"),
      ("\"a b\"@a.b", "\"a b\"@a.b"), ("\"a\\\"\\\\b\"@a.b", "\"a\\\"\\\\b\"@a.b"),
      ("\"\\a\\.b\"@a.b", "a.b@a.b"), ("\"a..b\"@a.b", "\"a..b\"@a.b"),
      ("a+b=c/d!#$%&'*?^_`{|}~-@a.b", "a+b=c/d!#$%&'*?^_`{|}~-@a.b"),
      ("x@[192.0.2.1]", "x@[192.0.2.1]"), ("x@[IPv6:::1]", "x@[IPv6:::1]"),
      ("\"\"@a.b", "\"\"@a.b"), ("\"@\"@a.b", "\"@\"@a.b"), ("\">\"@a.b", "\">\"@a.b"),
    ])
  func mailboxes(text: String, canonical: String) {
    let mailbox = Mailbox(text)
    #expect(mailbox?.text == canonical)
    #expect(Mailbox(canonical) == mailbox)
  }

  @Test(
    "A local part with dots that want quotes goes on as it came, and is quoted in a header",
    arguments: [
      ("user..name@a.b", "\"user..name\"@a.b"), ("name.@a.b", "\"name.\"@a.b"),
      (".name@a.b", "\".name\"@a.b"), ("x..y..@a.b", "\"x..y..\"@a.b"),
    ])
  func dots(text: String, inHeader: String) {
    let mailbox = Mailbox(text)
    #expect(mailbox?.text == text)
    #expect(mailbox?.headerText == inHeader)
    #expect(Mailbox(inHeader)?.text == inHeader)
    #expect(Mailbox(inHeader) == mailbox)
  }

  @Test(
    "What is no mailbox is refused",
    arguments: [
      "", "a", "@", "a@", "@a.b", "a@b@c", ".@b", "...@b", "a b@c", "\"a@b", "\"a\"b@c",
      "\"a\nb\"@c", "\"a\\\nb\"@c", "a\r\n@b", "caf\u{E9}@a.b", "a@b.c ", "<a@b.c>",
      "a@[192.0.2.1", "a@[1]", "a%b@", "(x)a@b",
      String(repeating: "a", count: Limits.localPartBytes + 1) + "@b.c",
    ])
  func badMailboxes(text: String) {
    #expect(Mailbox(text) == nil)
  }

  @Test("A local part of the length RFC 5321 asks for is accepted")
  func longLocalPart() {
    #expect(Mailbox(String(repeating: "a", count: 64) + "@b.c") != nil)
  }

  @Test(
    "A mailbox is not made of a local part that no text can carry", arguments: ["\u{E9}", "a\nb"])
  func badLocalPart(text: String) throws {
    #expect(Mailbox(localPart: text, domain: try #require(Domain("a.b"))) == nil)
  }

  @Test(
    "A forward path is a mailbox or the postmaster; a source route is ignored",
    arguments: [
      ("<a@b.c>", "<a@b.c>"), ("<Postmaster>", "<postmaster>"),
      ("<POSTMASTER@b.c>", "<POSTMASTER@b.c>"), ("<@x.y,@z.w:a@b.c>", "<a@b.c>"),
      ("<@[192.0.2.1]:postmaster>", "<postmaster>"), ("<postmaster.x@b.c>", "<postmaster.x@b.c>"),
    ])
  func forwardPaths(text: String, canonical: String) {
    #expect(ForwardPath(text)?.text == canonical)
  }

  @Test(
    "What is no forward path is refused",
    arguments: [
      "<>", "a@b.c", "<a@b.c", "a@b.c>", "<a>", "< a@b.c>", "<a@b.c >", "<@x.y a@b.c>", "<@:a@b.c>",
      "<@x.y:>", "<@x.y,z.w:a@b.c>", "<a@b.c>x", "<<a@b.c>>",
      "<@" + Array(repeating: "a", count: 700).joined(separator: ".") + ":a@b.c>",
    ])
  func badForwardPaths(text: String) {
    #expect(ForwardPath(text) == nil)
  }

  @Test("A reverse path may be null and is never the bare postmaster")
  func reversePaths() {
    #expect(ReversePath("<>") == .null)
    #expect(ReversePath.null.text == "<>")
    #expect(ReversePath("<Bob@B.C>")?.text == "<Bob@b.c>")
    #expect(ReversePath("<postmaster>") == nil)
    #expect(ReversePath("") == nil)
  }
}
