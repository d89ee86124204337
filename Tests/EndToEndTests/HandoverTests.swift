import EndToEndSupport
import Testing

/// A domain whose mail Dovecot stores, for those who have outgrown POP3.
@Suite struct HandoverTests {
  /// A server that hands the mail of box.example over; 127.0.0.1 is trusted.
  private func gatepost(_ lmtp: String, _ more: String = "") throws -> Gatepost {
    try Gatepost(
      """
      [server]
      domains = home.example, box.example
      [domain box.example]
      lmtp = \(lmtp)
      [relay]
      networks = 127.0.0.1
      \(more)
      """)
  }

  @Test(
    "Whom Dovecot does not know is refused at RCPT, and whom it knows has the mail",
    arguments: [true, false])
  func handover(isUnixSocket: Bool) throws {
    let dovecot = try Dovecot(users: ["ann", "joe"])
    let gatepost = try gatepost(
      isUnixSocket ? "unix:\(dovecot.socket)" : "lmtp://127.0.0.1:\(dovecot.port)")
    for source in ["127.0.0.1", "127.0.0.2"] {
      let client = try gatepost.greeted(from: source)
      try client.ask("MAIL FROM:<x@far.example>", "250")
      // Our own users are none of Dovecot's, but a postmaster every domain has.
      for name in ["nobody", "alice"] {
        try client.ask("RCPT TO:<\(name)@box.example>", "550 5.1.1")
      }
      try client.ask("RCPT TO:<postmaster@box.example>", "250")
    }
    let client = try gatepost.greeted(from: "127.0.0.2")
    try client.deliver(
      "Subject: x\r\n\r\n..dot\r\n", to: "ann@box.example", "joe@box.example", "bob@home.example")
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
    for user in ["ann", "joe"] {
      let mail = dovecot.messages(of: user)
      #expect(mail.count == 1)
      #expect(mail.allSatisfy { $0.hasPrefix("Return-Path: <x@far.example>\n") })
      #expect(mail.allSatisfy { $0.contains("\n\tby gw.home.example with ESMTP id ") })
      #expect(mail.allSatisfy { $0.hasSuffix("\nSubject: x\n\n.dot\n") })
    }
    #expect(gatepost.maildrop("bob").count == 1 && gatepost.maildrop("ann").isEmpty)
  }

  @Test("While Dovecot is down strangers are told to come again, and mail of the house waits")
  func down() throws {
    let dovecot = try Dovecot(users: ["ann"], isUp: false)
    let gatepost = try gatepost("unix:\(dovecot.socket)")
    let stranger = try gatepost.greeted(from: "127.0.0.2")
    try stranger.ask("MAIL FROM:<x@far.example>", "250")
    try stranger.ask("RCPT TO:<ann@box.example>", "450 4.4.0")
    try stranger.ask("RCPT TO:<bob@home.example>", "250")
    try gatepost.greeted().deliver(from: "alice@home.example", to: "ann@box.example")
    try gatepost.waitForLog("deferred id=")
    #expect(gatepost.queue.count == 1)

    try dovecot.start()
    try gatepost.eventually("the message is handed over") { gatepost.queue.isEmpty }
    #expect(dovecot.messages(of: "ann").count == 1)
    try stranger.ask("RCPT TO:<ann@box.example>", "250")
  }

  @Test("When Dovecot is up again ETRN has it get its mail at once")
  func flush() throws {
    let dovecot = try Dovecot(users: ["ann"], isUp: false)
    let gatepost = try gatepost("unix:\(dovecot.socket)", "[queue]\nretry = 4h")
    let client = try gatepost.greeted()
    try client.deliver(from: "alice@home.example", to: "ann@box.example")
    try gatepost.waitForDeferral()
    try dovecot.start()
    try client.ask("ETRN box.example", "253 2.0.0")
    try gatepost.eventually("the message is handed over") { gatepost.queue.isEmpty }
    #expect(dovecot.messages(of: "ann").count == 1)
  }

  @Test("What is taken while Dovecot is down, for a name that it does not know, comes back")
  func comesBack() throws {
    let dovecot = try Dovecot(users: ["ann"], isUp: false)
    let gatepost = try gatepost("lmtp://127.0.0.1:\(dovecot.port)")
    try gatepost.greeted().deliver(from: "alice@home.example", to: "nobody@box.example")
    try gatepost.waitForLog("deferred id=")
    try dovecot.start()
    try gatepost.eventually("a report for alice") { gatepost.maildrop("alice").count == 1 }
    #expect(gatepost.maildrop("alice")[0].contains("\nStatus: 5.1.1\n"))
  }
}
