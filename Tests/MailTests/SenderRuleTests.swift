import Testing

@testable import Mail

@Suite struct `A rule for senders` {
  @Test(arguments: [
    ("alice@home.example", "alice@home.example"), ("Alice@Home.example", "Alice@home.example"),
    ("@Home.example", "@home.example"), ("*", "*"), ("<>", "<>"), ("@[192.0.2.1]", nil),
    ("alice@[192.0.2.1]", "alice@[192.0.2.1]"),
  ])
  func `is an address, a domain, or everything`(text: String, expected: String?) {
    #expect(SenderRule(text)?.text == expected)
  }

  @Test(arguments: [
    "", "alice", "@", "**", "*@home.example", "@*", "\"a b\"@home.example", "a@b@c", "a@b ",
    "<a@b>", "a@b,c@d",
  ])
  func `is nothing else`(text: String) { #expect(SenderRule(text) == nil) }

  @Test(arguments: [
    ("alice@home.example", "alice@home.example", true),
    ("alice@home.example", "ALICE@HOME.EXAMPLE", true),
    ("alice@home.example", "alice@sub.home.example", false),
    ("alice@home.example", "bob@home.example", false),
    ("@home.example", "bob@home.example", true),
    ("@home.example", "bob@sub.home.example", false),
    ("@home.example", "bob@nothome.example", false),
    ("*", "bob@far.example", true), ("*", "\"a b\"@far.example", true),
  ])
  func `covers addresses`(rule: String, sender: String, covers: Bool) throws {
    let rule = try #require(SenderRule(rule))
    #expect(rule.covers(try #require(Mailbox(sender))) == covers)
  }
}

extension `A rule for senders` {
  @Test(arguments: [("*", true), ("<>", true), ("@home.example", false), ("a@home.example", false)])
  func `covers the sender of reports`(rule: String, covers: Bool) throws {
    let rule = try #require(SenderRule(rule))
    #expect(rule.covers(.null) == covers)
    let mailbox = try #require(ReversePath("<a@home.example>"))
    #expect(rule.covers(mailbox) == (rule != .null))
  }
}

@Suite struct `An allowance` {
  @Test(arguments: [
    ("1", "1"), ("500", "500"), ("999999999", "999999999"), ("off", "off"), ("Off", "off"),
    ("007", "7"), ("0", nil), ("", nil), ("-1", nil), ("1000000000", nil), ("5 ", nil),
    ("many", nil), ("٣", nil),
  ])
  func `is a number or off`(text: String, expected: String?) {
    #expect(Allowance(text)?.description == expected)
  }

  @Test func `without a limit has no number`() {
    #expect(Allowance.unlimited.limit == nil)
    #expect(Allowance.atMost(5).limit == 5)
  }
}

@Suite struct `The target of an alias` {
  @Test(arguments: [
    ("Anna", AliasTarget.name("anna")), ("a.b+c", .name("a.b+c")), ("\"A b\"", .name("a b")),
    ("Jürgen", .name("jürgen")),
  ])
  func `is a name`(text: String, expected: AliasTarget) { #expect(AliasTarget(text) == expected) }

  @Test(arguments: ["anna@home.example", "\"a b\"@far.example", "a@[192.0.2.1]"])
  func `is an address`(text: String) throws {
    #expect(AliasTarget(text) == .mailbox(try #require(Mailbox(text))))
  }

  @Test(arguments: [
    "", "a b", "..", "a@", "@a", "a@b@c", "\"a", "a\"b\"", "<a@b>", "a,b", "a\u{0}",
    "ä@far.example", "\u{202E}a", ":include:", "a:b",
  ])
  func `is nothing else`(text: String) { #expect(AliasTarget(text) == nil) }
}
