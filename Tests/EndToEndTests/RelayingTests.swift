import EndToEndSupport
import Foundation
import Testing

/// From the queue to the next hop.
@Suite struct RelayingTests {
  private let trusting = "[relay]\nnetworks = 127.0.0.0/8\n"

  @Test(
    "The exchanges of a domain are found in the DNS, and the second one serves while the first is down",
    arguments: ["far.example", "two.far.example", "host.far.example"])
  func exchanges(domain: String) throws {
    let hop = try Hop()
    let gatepost = try Gatepost(hop: hop, trusting)
    #expect(try gatepost.send(to: "ann@\(domain)").hasPrefix("250"))
    try gatepost.eventually("the message is at its exchange") { hop.messages.count == 1 }
    let message = try #require(hop.messages.first)
    #expect(message.sender == "x@far.example")
    #expect(message.recipients == ["ann@\(domain)"])
    #expect(message.content.hasPrefix("Received: from client.example ([127.0.0.1])\n"))
    #expect(message.content.hasSuffix("\nSubject: hello\n\nhello\n"))
    #expect(!message.content.contains("Gatepost-"))
  }

  @Test("A message waits while the next hop is down, is tried again, and outlives a kill")
  func patience() throws {
    let hop = try Hop(isUp: false)
    let gatepost = try Gatepost(hop: hop, trusting)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("three attempts") { gatepost.log.count(of: "deferred id=") == 3 }
    let waits = gatepost.log.split(separator: "\n").filter { $0.hasPrefix("deferred") }
      .compactMap { $0.split(separator: "=").last }
    // The second wait depends on where in a second the message has arrived.
    #expect(waits.count == 3 && waits.first == "1s" && waits.last == "2s")
    let queue = gatepost.queue
    #expect(queue.count == 1 && queue[0].contains("\nGatepost-To: - <ann@far.example>\n"))
    #expect(queue[0].contains("Connection refused"))

    try gatepost.kill()
    try gatepost.start()
    #expect(gatepost.log.contains("1 messages queued"))
    try hop.start()
    try gatepost.eventually("the message is at its exchange") { hop.messages.count == 1 }
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
    #expect(hop.messages.count == 1)
  }

  @Test("A recipient that is delivered is not sent to again when the other has to wait")
  func partly() throws {
    let hop = try Hop { $0 == "RCPT TO:<bob@far.example>" ? "450 4.2.1 later" : nil }
    let gatepost = try Gatepost(hop: hop, trusting)
    let client = try gatepost.smtp()
    try client.beginMessage(from: "x@far.example", to: "ann@far.example", "bob@far.example")
    try client.ask("Subject: x\r\n\r\nx\r\n.", "250")
    try gatepost.eventually("two attempts") { gatepost.log.count(of: "deferred id=") >= 2 }
    let queue = try #require(gatepost.queue.first)
    #expect(
      queue.contains("\nGatepost-To: + <ann@far.example>\nGatepost-To: - <bob@far.example>\n"))
    #expect(queue.contains("Gatepost-Status: bob@far.example: 450 4.2.1 later"))
    #expect(hop.messages.map(\.recipients) == [["ann@far.example"]])
  }

  @Test("A smart host takes all mail, whatever the domain")
  func smarthost() throws {
    let hop = try Hop()
    let gatepost = try Gatepost(
      "\(trusting)smarthost = smtp://127.0.0.1:\(hop.port)\ntls = none")
    for recipient in ["ann@far.example", "ann@silent.far.example", "ann@no.such.domain"] {
      #expect(try gatepost.send(to: recipient).hasPrefix("250"))
    }
    try gatepost.eventually("all are at the smart host") { hop.messages.count == 3 }
  }

  @Test("A smart host is logged in at under TLS only", arguments: [true, false])
  func smarthostLogin(hasImplicitTLS: Bool) throws {
    let hop = try Hop(offersTLS: !hasImplicitTLS, hasImplicitTLS: hasImplicitTLS)
    let scheme = hasImplicitTLS ? "smtps" : "smtp"
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.write("isp me@isp.example pass-word\n", to: "secrets")
    chmod("\(gatepost.path)/secrets", 0o640)
    try gatepost.configure(
      """
      \(trusting)smarthost = \(scheme)://127.0.0.1:\(hop.port)
      tls = encrypt
      credentials = isp
      secrets = \(gatepost.path)/secrets
      """)
    try gatepost.start()
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("the message is at the smart host") { hop.messages.count == 1 }
    #expect(hop.messages[0].wasEncrypted)
    let login = Data("\0me@isp.example\0pass-word".utf8).base64EncodedString()
    #expect(hop.commands.contains("AUTH PLAIN \(login)"))
    #expect(!gatepost.log.contains("pass-word") && !gatepost.log.contains(login))
  }

  @Test(
    "TLS is used where an exchange offers it, and mail leaves where it does not",
    arguments: [true, false])
  func opportunisticTLS(offersTLS: Bool) throws {
    let hop = try Hop(offersTLS: offersTLS)
    let gatepost = try Gatepost(hop: hop, trusting)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("the message is at its exchange") { hop.messages.count == 1 }
    #expect(hop.messages[0].wasEncrypted == offersTLS)
  }

  @Test("Where TLS is required, nothing leaves without it")
  func requiredTLS() throws {
    let hop = try Hop()
    let gatepost = try Gatepost(hop: hop, "\(trusting)tls = encrypt")
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("two attempts") { gatepost.log.count(of: "deferred id=") >= 2 }
    #expect(gatepost.queue.count == 1)
    #expect(!hop.commands.contains { $0.hasPrefix("MAIL") })
  }

  @Test(
    "What cannot be delivered returns to its sender with the reason",
    arguments: [
      ("ann@far.example", "5.1.1"), ("ann@silent.far.example", "5.1.10"),
      ("ann@missing.far.example", "5.1.2"),
    ])
  func report(recipient: String, status: String) throws {
    let hop = try Hop { $0.hasPrefix("RCPT") ? "550 5.1.1 Nobody here" : nil }
    let gatepost = try Gatepost(hop: hop, trusting)
    #expect(try gatepost.send(from: "alice@home.example", to: recipient).hasPrefix("250"))
    try gatepost.eventually("a report for alice") { gatepost.maildrop("alice").count == 1 }
    let report = try #require(gatepost.maildrop("alice").first)
    #expect(report.hasPrefix("Return-Path: <>\n"))
    #expect(report.contains("Final-Recipient: rfc822; \(recipient)\n"))
    #expect(report.contains("\nStatus: \(status)\n"))
    #expect(report.contains("\nSubject: hello\n"))
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
  }

  @Test(
    "A failure that may pass never becomes a bounce",
    arguments: ["421 closing", "451 4.3.0 greylisted", "452 full", "250-broken\r\n999 nonsense"])
  func temporary(reply: String) throws {
    let hop = try Hop { $0.hasPrefix("RCPT") ? reply : nil }
    let gatepost = try Gatepost(hop: hop, trusting)
    #expect(try gatepost.send(from: "alice@home.example", to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("two attempts") { gatepost.log.count(of: "deferred id=") >= 2 }
    #expect(gatepost.queue.count == 1)
    #expect(gatepost.maildrop("alice").isEmpty)
  }
}
