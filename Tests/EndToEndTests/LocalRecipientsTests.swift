import EndToEndSupport
import Foundation
import Testing

/// Whose maildrop a local recipient is, and whose address elsewhere.
@Suite struct LocalRecipientsTests {
  /// A server with a file of aliases, and more settings of `[local]`.
  private func gatepost(
    _ aliases: String? = nil, hop: Hop? = nil, _ settings: String = ""
  ) throws -> Gatepost {
    let gatepost = try Gatepost(hop: hop, isStarted: false)
    try gatepost.configure("[local]\naliases = \(gatepost.path)/aliases\n\(settings)")
    if let aliases { try gatepost.write(aliases, to: "aliases") }
    try gatepost.start()
    return gatepost
  }

  @Test("An alias of several reaches each of them once, those elsewhere too, also for a stranger")
  func alias() throws {
    let hop = try Hop()
    let gatepost = try gatepost(
      "Office: alice,\n  Bob, crew # and so on\ncrew: bob, ann@far.example\n", hop: hop)
    let client = try gatepost.greeted()
    try client.deliver(to: "OFFICE@home.example", "alice@home.example")
    #expect(gatepost.maildrop("alice").count == 1 && gatepost.maildrop("bob").count == 1)
    try gatepost.eventually("the address elsewhere has it") { hop.messages.count == 1 }
    #expect(hop.messages[0].sender == "x@far.example")
    #expect(hop.messages[0].recipients == ["ann@far.example"])
    // The address behind the alias is nobody else's business.
    #expect(!gatepost.maildrop("alice")[0].contains("ann@far.example"))
    // Nor does it make a relay for other addresses there.
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<ann@far.example>", "550 5.7.1")
  }

  @Test("A user who is an alias too keeps a copy: alice: alice, ann@far.example")
  func copy() throws {
    let hop = try Hop()
    let gatepost = try gatepost("alice: alice, ann@far.example\n", hop: hop)
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    #expect(gatepost.maildrop("alice").count == 1)
    try gatepost.eventually("the address elsewhere has it") { hop.messages.count == 1 }
  }

  @Test("Aliases that lead to each other bounce nothing: what is in the circle gets its mail")
  func circle() throws {
    let gatepost = try gatepost("a: b\nb: c\nc: a, bob\nx: y\ny: x\nself: self\n")
    #expect(try gatepost.send(to: "b@home.example").hasPrefix("250"))
    #expect(gatepost.maildrop("bob").count == 1)
    for name in ["x", "y", "self"] {
      let client = try gatepost.greeted()
      try client.ask("MAIL FROM:<x@far.example>", "250")
      try client.ask("RCPT TO:<\(name)@home.example>", "451 4.3.0")
    }
    #expect(gatepost.log.contains("leads to \"self\", which leads back to it"))
  }

  @Test(
    "The detail behind a plus is no part of the name, unless an alias says so",
    arguments: [
      ("+", "alice+shop", "alice"), ("+", "alice+shop+old", "alice"), ("+", "ALICE+", "alice"),
      ("+", "alice+bills", "bob"), ("+", "alice+bills+2026", "bob"), ("+", "nobody+shop", nil),
      ("+", "+shop", nil), ("+", "alice-shop", nil), ("-", "alice-shop", "alice"),
      ("off", "alice+shop", nil),
    ])
  func detail(separator: String, name: String, user: String?) throws {
    let gatepost = try gatepost("alice+bills: bob\n", "separator = \(separator)")
    let reply = try gatepost.send(unlessRefused: "\(name)@home.example")
    #expect(reply.hasPrefix(user == nil ? "550 5.1.1" : "250"))
    for drop in ["alice", "bob"] {
      #expect(gatepost.maildrop(drop).count == (drop == user ? 1 : 0))
    }
  }

  @Test("A catch-all gets what nobody else does, and nothing else", arguments: [true, false])
  func catchAll(isLocal: Bool) throws {
    let hop = try Hop()
    let gatepost = try gatepost(
      hop: hop, "catch-all = \(isLocal ? "bob" : "ann@far.example")")
    let client = try gatepost.greeted()
    try client.deliver(to: "whoever+x@home.example")
    try client.deliver(to: "postmaster@home.example", "alice@home.example")
    #expect(gatepost.maildrop("alice").count == 1 && gatepost.maildrop("postmaster").count == 1)
    if isLocal {
      #expect(gatepost.maildrop("bob").count == 1)
    } else {
      try gatepost.eventually("it is where it is caught") { hop.messages.count == 1 }
      #expect(hop.messages[0].recipients == ["ann@far.example"])
    }
  }

  @Test("Postmaster and abuse exist without anybody's doing, and are who the admin says")
  func requiredNames() throws {
    let gatepost = try gatepost("# nobody yet\n")
    let client = try gatepost.greeted()
    try client.deliver(to: "Postmaster", "POSTMASTER@home.example", "abuse@HOME.example")
    #expect(gatepost.maildrop("postmaster").count == 1 && gatepost.maildrop("abuse").count == 1)
    try gatepost.write("postmaster: alice\nabuse: postmaster\n", to: "aliases")
    try client.deliver(to: "postmaster")
    try client.deliver(to: "abuse@home.example")
    #expect(gatepost.maildrop("alice").count == 2)
    #expect(gatepost.maildrop("postmaster").count == 1 && gatepost.maildrop("abuse").count == 1)
  }

  @Test("With redirect-all everything for here ends where the admin reads: root of every machine")
  func redirectAll() throws {
    let hop = try Hop()
    let gatepost = try gatepost(
      "bob: alice\n", hop: hop,
      "redirect-all = me@far.example\n[relay]\nnetworks = 127.0.0.1")
    let client = try gatepost.greeted()
    try client.deliver(from: "root@nas.home.example", to: "root@home.example", "bob@home.example")
    try client.deliver(from: "root@nas.home.example", to: "postmaster")
    try client.deliver(from: "root@nas.home.example", to: "ann@far.example")
    try gatepost.eventually("all are there") { hop.messages.count == 3 }
    #expect(
      Set(hop.messages.map(\.recipients)) == [["me@far.example"], ["ann@far.example"]])
    #expect(!FileManager.default.fileExists(atPath: "\(gatepost.spool)/mail/alice"))
  }

  @Test(
    "A report about failed mail goes where the mail for its sender goes", arguments: [true, false])
  func report(isRedirected: Bool) throws {
    let hop = try Hop { $0 == "RCPT TO:<ann@far.example>" ? "550 5.1.1 Nobody here" : nil }
    let gatepost = try gatepost(
      isRedirected ? "" : "cron: alice, me@far.example\n", hop: hop,
      "\(isRedirected ? "redirect-all = me@far.example\n" : "")[relay]\nnetworks = 127.0.0.1")
    #expect(try gatepost.send(from: "cron@home.example", to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("the report is elsewhere") { hop.messages.count == 1 }
    #expect(hop.messages[0].sender == "" && hop.messages[0].recipients == ["me@far.example"])
    #expect(hop.messages[0].content.contains("\nFinal-Recipient: rfc822; ann@far.example\n"))
    #expect(gatepost.maildrop("alice").count == (isRedirected ? 0 : 1))
    #expect(gatepost.maildrop("postmaster").isEmpty)
  }

  // MARK: The file

  @Test("An alias holds as soon as it is written, in the middle of a session")
  func edited() throws {
    let gatepost = try gatepost()
    let client = try gatepost.greeted()
    func refused() throws {
      try client.ask("MAIL FROM:<x@far.example>", "250")
      try client.ask("RCPT TO:<office@home.example>", "550 5.1.1")
      try client.ask("RSET", "250")
    }
    try refused()
    try gatepost.write("office: alice\n", to: "aliases")
    try client.deliver(to: "office@home.example")
    try gatepost.write("office: bob\n", to: "aliases")
    try client.deliver(to: "office@home.example")
    #expect(gatepost.maildrop("alice").count == 1 && gatepost.maildrop("bob").count == 1)
    try FileManager.default.removeItem(atPath: "\(gatepost.path)/aliases")
    try refused()
  }

  @Test(
    "While the file is broken the old aliases go on, and nobody bounces who may have been added",
    arguments: [
      ("office: alice, |/bin/sh\n", "is a program"),
      ("office: alice\nnew alice\n", "is not \"name: target"),
      ("office:\n", "has no target"),
    ])
  func broken(content: String, reason: String) throws {
    let gatepost = try gatepost("office: alice\n")
    try gatepost.write(content, to: "aliases")
    let client = try gatepost.greeted()
    try client.deliver(to: "office@home.example", "bob@home.example")
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<new@home.example>", "451 4.3.0")
    try client.ask("RCPT TO:<new@home.example>", "451 4.3.0")
    #expect(gatepost.maildrop("alice").count == 1 && gatepost.maildrop("bob").count == 1)
    #expect(gatepost.log.count(of: "the aliases known so far stay") == 1)
    #expect(gatepost.log.contains(reason))
    try gatepost.write("office: alice\nnew: bob\n", to: "aliases")
    try client.ask("RCPT TO:<new@home.example>", "250")
    try client.ask("RCPT TO:<newer@home.example>", "550 5.1.1")
    #expect(gatepost.log.contains("aliases: is in use again"))
  }

  // MARK: The quota

  @Test("A maildrop over its quota is told of at RCPT, and takes mail again when it has room")
  func quota() throws {
    let gatepost = try gatepost("office: alice, bob\n")
    try gatepost.setUser("alice", "--quota", "2K")
    let large = "Subject: x\r\n\r\n" + String(repeating: "0123456789\r\n", count: 180)
    let client = try gatepost.greeted()
    try client.deliver(large, to: "alice@home.example")
    try client.ask("MAIL FROM:<x@far.example> SIZE=200", "250")
    try client.ask("RCPT TO:<alice@home.example>", "452 4.2.2")
    // Whoever else is behind the alias: no half of a message is promised.
    try client.ask("RCPT TO:<office@home.example>", "452 4.2.2")
    try client.ask("RCPT TO:<bob@home.example>", "250")
    #expect(gatepost.log.contains("the maildrop of alice is over its quota of 2K"))
    #expect(try gatepost.curl("1", "--request", "DELE", "--list-only").status == 0)
    try client.ask("RCPT TO:<alice@home.example>", "250")
  }
}

extension Gatepost {
  /// Hands in a message; the reply to RCPT if that is no 250.
  fileprivate func send(unlessRefused recipient: String) throws -> String {
    let client = try greeted()
    try client.ask("MAIL FROM:<x@far.example>", "250")
    client.send("RCPT TO:<\(recipient)>\r\n")
    let reply = try client.reply()
    guard reply.hasPrefix("250") else { return reply }
    try client.ask("DATA", "354")
    client.send("Subject: x\r\n\r\nx\r\n.\r\n")
    return try client.reply()
  }
}
