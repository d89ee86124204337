import EndToEndSupport
import Foundation
import Testing

/// Addresses that have made relays of other servers, and what they come to here.
@Suite struct OpenRelayTests {
  /// What follows `RCPT TO:`, all of it meant for somewhere else.
  private static let elsewhere = [
    "<ann@far.example>", "<ANN@FAR.EXAMPLE>", "<\"ann\"@far.example>",
    // Source routes, also by way of ourselves.
    "<@home.example:ann@far.example>", "<@home.example,@gw.home.example:ann@far.example>",
    "<@[127.0.0.1]:ann@far.example>", "<@home.example:@far.example:ann@home.example>",
    "<@home.example,ann@far.example>", "<@home.example:ann%far.example@gw.home.example>",
    // The percent and the bang, which hosts have interpreted.
    "<ann%far.example@gw.home.example>", "<far.example!ann@gw.home.example>",
    "<home.example!far.example!ann@gw.home.example>", "<ann@home.example%far.example>",
    "<ann@far.example!home.example>", "<far.example!ann>", "<ann%far.example>",
    // Quotes that hide the at sign which counts.
    "<ann@far.example@home.example>", "<alice@home.example@far.example>",
    "<\"alice@home.example\"@far.example>", "<\"alice@home.example>\"@far.example>",
    "<\"ann@far.example\">", "<\"ann@far.example>", "<\"alice\\\"@home.example\"@far.example>",
    "<\"\"@far.example>", "<alice@home.example(>@far.example)>", "<ann(c)@far.example>",
    // Literals: this host by address, others, and what is an address only to some.
    "<ann@[127.0.0.1]>", "<alice@[127.0.0.1]>", "<postmaster@[127.0.0.1]>", "<ann@[192.0.2.1]>",
    "<ann@[IPv6:::1]>", "<ann@[IPv6:::ffff:127.0.0.1]>", "<ann@[IPv6:2001:db8::1]>",
    "<ann@[::1]>", "<ann@127.0.0.1>", "<ann@[127.1]>", "<ann@[0177.0.0.1]>", "<ann@2130706433>",
    "<ann@#2130706433>", "<ann@[far.example]>", "<ann@[]>",
    // Domains that look like ours.
    "<alice@home.example.>", "<ann@far.example.>", "<alice@home.example.far.example>",
    "<alice@sub.home.example>", "<alice@xhome.example>", "<alice@home.example-far.example>",
    "<alice@home>", "<alice@gw.home.example>", "<alice@localhost>", "<alice@home..example>",
    "<alice@.home.example>", "<alice@home_example>", "<alice@xn--home-.example>",
    "<alice@h\u{43E}me.example>", "<alice@hom\u{435}.example> SMTPUTF8",
    "<alice@\u{FF48}ome.example>", "<alice@home.ex\u{430}mple>", "<alice@home\u{2024}example>",
    "<alice@home.example\u{200B}>", "<alice@home.example\u{AD}>", "<alice@home.example\u{0}>",
    "<alice@home.example\u{0}.far.example>",
    // Names that exist here, somewhere else.
    "<postmaster@far.example>", "<Postmaster@gw.home.example>", "<abuse@far.example>",
    "<list@far.example>", "<alice+ann@far.example>", "<\"alice+x@home.example\"@far.example>",
    // None, or more than one.
    "<>", "<@>", "< >", "<ann>", "<ann@>", "<@far.example>", "<@home.example:>", "",
    "<alice@home.example><ann@far.example>", "<alice@home.example>,<ann@far.example>",
    "<alice@home.example,ann@far.example>", "<alice@home.example ann@far.example>",
    "<alice@home.example> <ann@far.example>", "<ann@far.example",
    // Without brackets, or with space before them.
    "ann@far.example", " <ann@far.example>", " ann@far.example", "\t<ann@far.example>",
    "\"Ann\" <ann@far.example>", "alice@home.example",
    // What stands beside the address.
    "<ann@far.example> ORCPT=rfc822;alice@home.example", "<ann@far.example> NOTIFY=NEVER",
    "<alice@home.example> ORCPT=<ann@far.example>", "<alice@home.example> RELAY=ann@far.example",
    "<alice@home.example> ORCPT=rfc822;ann@far.example\u{B}x",
    // Programs and files.
    "<|/bin/sh@far.example>", "<\"|/bin/sh\"@home.example>", "</etc/passwd@home.example>",
    "<../bob@home.example>", "<:include:/etc/passwd@home.example>", "<alice/../bob@home.example>",
    // Too long.
    "<\(String(repeating: "a", count: 65))@home.example>",
    "<alice@\(String(repeating: "a.", count: 130))home.example>",
    "<\(String(repeating: "@far.example,", count: 100))@far.example:alice@home.example>",
    // Nobody: to a local domain, whatever the local part would mean elsewhere.
    "<ann@home.example>", "<ann%far.example@home.example>", "<far.example!ann@home.example>",
    "<\"ann@far.example\"@home.example>", "<\"ann@far.example\"+alice@home.example>",
    "<ann+alice@home.example>", "<\"\"@home.example>", "<+alice@home.example>",
    "<\"alice \"@home.example>", "<alice.@home.example>", "<list%far.example@home.example>",
    "<\"list@far.example\"@home.example>", "<li\\st@home.example>",
  ]

  /// The same that are somebody here, and who gets the message.
  private static let here = [
    ("<alice@home.example>", "alice"), ("<ALICE@HOME.EXAMPLE>", "alice"),
    ("<@far.example:alice@home.example>", "alice"),
    ("<@far.example,@[192.0.2.1]:alice@home.example>", "alice"),
    ("<\"alice\"@home.example>", "alice"), ("<\"a\\lice\"@home.example>", "alice"),
    ("<alice+ann@home.example>", "alice"), ("<\"alice+ann@far.example\"@home.example>", "alice"),
    ("<alice+ann%far.example@home.example>", "alice"),
    ("<alice+far.example!ann@home.example>", "alice"),
    ("<list@home.example>", "bob"), ("<list+ann@home.example>", "bob"),
    ("<LIST@home.example>", "bob"),
    ("<postmaster>", "postmaster"), ("<POSTMASTER>", "postmaster"),
    ("<@far.example:postmaster>", "postmaster"), ("<Postmaster@Home.Example>", "postmaster"),
    ("<postmaster+ann@home.example>", "postmaster"), ("<abuse@home.example>", "abuse"),
  ]

  /// Starts a server with an alias, without anybody to relay for.
  private func gatepost(_ settings: String = "") throws -> Gatepost {
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.configure(
      "[local]\naliases = \(gatepost.path)/aliases\n[abuse]\nconnections-per-minute = off\n"
        + "commands-per-minute = off\n" + settings)
    try gatepost.write("list: bob\n", to: "aliases")
    try gatepost.start()
    return gatepost
  }

  /// What a client hears that says `RCPT TO:` and this.
  private func reply(
    _ argument: String, of gatepost: Gatepost, from sender: String = "<x@far.example>"
  ) throws -> (reply: String, client: Client) {
    let client = try gatepost.smtp()
    try client.expect("220")
    try client.ask("EHLO client.example", "250")
    let isInternational = argument.hasSuffix(" SMTPUTF8")
    try client.ask("MAIL FROM:\(sender)\(isInternational ? " SMTPUTF8" : "")", "250")
    client.send("RCPT TO:\(argument.replacingOccurrences(of: " SMTPUTF8", with: ""))\r\n")
    return (try client.reply(), client)
  }

  /// No form of an address gets a message out, and one that is of here stays here.
  private func attack(_ gatepost: Gatepost, from sender: String = "<x@far.example>") throws {
    for argument in Self.elsewhere {
      let (reply, client) = try reply(argument, of: gatepost, from: sender)
      #expect(reply.hasPrefix("5"), "\(argument): \(reply)")
      try client.ask("DATA", "554 5.5.1")
      client.hangUp()
    }
    for (number, (argument, user)) in Self.here.enumerated() {
      let (reply, client) = try reply(argument, of: gatepost, from: sender)
      #expect(reply.hasPrefix("250"), "\(argument): \(reply)")
      try client.ask("DATA", "354")
      try client.ask("Subject: \(number)\r\n\r\nhello\r\n.", "250")
      client.hangUp()
      #expect(
        gatepost.maildrop(user).contains { $0.contains("\nSubject: \(number)\n") }, "\(argument)")
    }
    #expect(gatepost.queue.isEmpty && gatepost.unfinished.isEmpty)
    #expect(gatepost.log.count(of: "accepted id=") == Self.here.count)
    #expect(gatepost.log.count(of: " by=local ") == Self.here.count)
  }

  @Test("A stranger reaches nobody but the people of the house, by no form of an address")
  func stranger() throws { try attack(gatepost()) }

  @Test("A catch-all takes what is for nobody, and sends none of it on")
  func catchAll() throws {
    let gatepost = try gatepost("[local]\ncatch-all = alice\n")
    for (number, argument) in [
      "<ann%far.example@home.example>", "<far.example!ann@home.example>",
      "<\"ann@far.example\"@home.example>", "<\"\"@home.example>", "<ann@home.example>",
    ].enumerated() {
      let (reply, client) = try reply(argument, of: gatepost)
      #expect(reply.hasPrefix("250"), "\(argument): \(reply)")
      try client.ask("DATA", "354")
      try client.ask("Subject: \(number)\r\n\r\nhello\r\n.", "250")
    }
    #expect(gatepost.maildrop("alice").count == 5)
    #expect(gatepost.queue.isEmpty)
  }

  @Test("A login by POP3 lets its address send as its user, and in no other name")
  func grant() throws {
    let gatepost = try gatepost("[pop-before-smtp]\nnetworks = 127.0.0.0/8\n")
    let users = try String(contentsOfFile: "\(gatepost.path)/users", encoding: .utf8)
    let lines = users.split(separator: "\n").filter {
      $0.hasPrefix("alice:") || $0.hasPrefix("bob:")
    }
    .map { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      return "\(fields[0]):\(fields[1]):send-as=\(fields[0])@home.example\n"
    }
    try #require(lines.count == 2)
    try gatepost.write(lines.joined(), to: "users")
    #expect(try gatepost.curl().status == 0)
    try attack(gatepost)
    for sender in [
      "<bob@home.example>", "<alice@far.example>", "<@home.example:bob@home.example>",
      "<\"alice@home.example\"@far.example>", "<alice%home.example@far.example>",
      "<alice@gw.home.example>", "<\"alice \"@home.example>",
    ] {
      let (reply, _) = try reply("<ann@far.example>", of: gatepost, from: sender)
      #expect(reply.hasPrefix("553 5.7.1"), "\(sender): \(reply)")
    }
    // It is the grant that is in force.
    let (reply, _) = try reply("<ann@far.example>", of: gatepost, from: "<alice@home.example>")
    #expect(reply.hasPrefix("250"))
  }

  @Test("Where paths may be loose, they name no more than one mailbox, and none elsewhere")
  func loosePaths() throws {
    let gatepost = try gatepost("[profile old]\nnetworks = 127.0.0.0/8\nloose-paths = yes\n")
    for argument in [
      "ann@far.example", " ann@far.example", " <ann@far.example>", "@home.example:ann@far.example",
      "ann%far.example@gw.home.example", "\"alice@home.example\"@far.example",
      "alice@home.example@far.example", "alice@home.example,ann@far.example",
      "alice@home.example ann@far.example", "alice@home.example <ann@far.example>",
      "<ann@far.example", "ann@far.example>", "alice@home.example>", "ann",
      "postmaster@far.example",
      " ", "", "alice@home.example\u{0}@far.example", "alice@[127.0.0.1]",
    ] {
      let (reply, client) = try reply(argument, of: gatepost)
      #expect(reply.hasPrefix("5"), "\(argument): \(reply)")
      client.hangUp()
    }
    for argument in ["alice@home.example", " alice@home.example", " <alice@home.example>"] {
      let (reply, client) = try reply(argument, of: gatepost)
      #expect(reply.hasPrefix("250"), "\(argument): \(reply)")
      client.hangUp()
    }
    #expect(gatepost.queue.isEmpty)
  }

  @Test("A user is who has the password, whatever else the login or the sender claims")
  func identity() throws {
    let gatepost = try gatepost()
    func greeted(from source: String = "127.0.0.1") throws -> Client {
      let client = try Client(port: gatepost.ports.submissions, from: source)
      try client.startTLS()
      try client.expect("220")
      try client.ask("EHLO client.example", "250")
      return client
    }
    func plain(_ text: String) -> String { "AUTH PLAIN \(Self.encoded(text))" }
    for attempt in [
      // Alice's password for bob's identity (RFC 4616 §2), and messages of other forms.
      plain("bob\0alice\0secret"), plain("root\0alice\0secret"), plain("alice\0bob\0\0secret"),
      plain("\0alice\0secret\0"), plain("\0alice\0secret\0bob"), plain("\0alice\nbob\0secret"),
      plain("alice@home.example\0alice\0secret"), plain("\0\0secret"), plain("\0alice\0"),
      plain("alice\0secret"), "AUTH PLAIN =", "AUTH PLAIN \(Self.encoded("\0alice\0secret"))=",
      "AUTH PLAIN \(Self.encoded("\0alice\0secret")) bob",
      "AUTH LOGIN \(Self.encoded("bob\0alice"))", "AUTH LOGIN =",
      "AUTH SCRAM-SHA-256 \(Self.encoded("n,a=bob,n=alice,r=abcdefghijklmnop"))",
      "AUTH SCRAM-SHA-256 \(Self.encoded("n,,m=x,n=alice,r=abcdefghijklmnop"))",
    ] {
      let client = try greeted()
      try client.ask(attempt, "501")
      try client.ask("MAIL FROM:<bob@home.example>", "530")
    }
    // Names that are not quite a user's; all at once, as each is answered late.
    let guesses = try [
      "alice@far.example", "alice%home.example", "home.example!alice", " alice", "alice ",
      "alice@home.example.", "alice+x", "\u{430}lice", "../alice",
      "alice@home.example@home.example",
    ].enumerated().map { number, name in
      let client = try greeted(from: "127.0.4.\(number)")
      client.send("\(plain("\0\(name)\0secret"))\r\nMAIL FROM:<alice@home.example>\r\n")
      return (name, client)
    }
    for (name, client) in guesses {
      #expect(try client.reply().hasPrefix("535"), "\(name)")
      try client.expect("530")
    }
    let client = try greeted()
    try client.ask(plain("alice\0alice\0secret"), "235")
    try client.ask(plain("\0bob\0secret"), "503")
    // Who wrote it is what the login says, not what the client says of somebody else.
    try client.ask("MAIL FROM:<alice@home.example> AUTH=bob@home.example", "250")
    try client.ask("RCPT TO:<ann@far.example>", "250")
    try client.ask("DATA", "354")
    try client.ask("Subject: x\r\n\r\nhello\r\n.", "250")
    let queued = try #require(gatepost.queue.first)
    #expect(queued.contains("\nGatepost-Origin: 127.0.0.1 auth:alice\n"))
    #expect(!queued.contains("bob"))
  }

  private static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
