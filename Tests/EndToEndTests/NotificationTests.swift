import EndToEndSupport
import Foundation
import Testing

/// What senders are told of their mail (RFC 3461), and mail beyond ASCII (RFC 6531).
@Suite struct NotificationTests {
  private let trusting = "[relay]\nnetworks = 127.0.0.0/8\n"

  /// Hands in a message with parameters for MAIL and RCPT.
  private func send(
    _ gatepost: Gatepost, from sender: String = "<bob@home.example>", _ recipient: String
  ) throws {
    let client = try gatepost.greeted()
    try client.ask("MAIL FROM:\(sender)", "250")
    try client.ask("RCPT TO:\(recipient)", "250")
    try client.ask("DATA", "354")
    try client.ask("Subject: tell me\r\n\r\nthe body\r\n.", "250")
  }

  @Test(
    "NOTIFY=SUCCESS for a mailbox here gives a report that it was delivered, and nothing else does",
    arguments: ["", " NOTIFY=NEVER", " NOTIFY=FAILURE,DELAY", " NOTIFY=SUCCESS"])
  func delivered(notify: String) throws {
    let gatepost = try Gatepost(trusting)
    try send(
      gatepost, from: "<bob@home.example> ENVID=order+2B66 RET=FULL",
      "<alice+x@home.example>\(notify) ORCPT=rfc822;Al+2Bice@home.example")
    #expect(gatepost.maildrop("alice").count == 1)
    #expect(gatepost.maildrop("bob").count == (notify == " NOTIFY=SUCCESS" ? 1 : 0))
    for report in gatepost.maildrop("bob") {
      #expect(report.hasPrefix("Return-Path: <>\n"))
      for line in [
        "Subject: Your message was delivered", "Original-Envelope-Id: order+66",
        "Original-Recipient: rfc822; Al+ice@home.example",
        "Final-Recipient: rfc822; alice+x@home.example", "Action: delivered", "Status: 2.0.0",
        "Subject: tell me",
      ] { #expect(report.contains("\n\(line)\n"), "\(line)") }
      // RET is about failures.
      #expect(!report.contains("the body"))
    }
  }

  @Test(
    "A failure returns the message or its header, as RET says, and nothing where NOTIFY says so",
    arguments: [
      ("", "", "header"), (" RET=HDRS", " NOTIFY=FAILURE", "header"),
      (" RET=FULL", " NOTIFY=SUCCESS,FAILURE", "message"), (" RET=FULL", " NOTIFY=SUCCESS", nil),
      (" RET=FULL", " NOTIFY=NEVER", nil),
    ])
  func failed(ret: String, notify: String, returned: String?) throws {
    let hop = try Hop { $0.hasPrefix("RCPT") ? "550 5.1.1 Nobody here" : nil }
    let gatepost = try Gatepost(hop: hop, trusting)
    try send(
      gatepost, from: "<bob@home.example> ENVID=QQ1\(ret)",
      "<ann@far.example>\(notify) ORCPT=rfc822;ann@old.example")
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
    #expect(gatepost.maildrop("bob").count == (returned == nil ? 0 : 1))
    for report in gatepost.maildrop("bob") {
      for line in [
        "Original-Envelope-Id: QQ1", "Original-Recipient: rfc822; ann@old.example",
        "Final-Recipient: rfc822; ann@far.example", "Action: failed", "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 Nobody here", "Subject: tell me",
      ] { #expect(report.contains("\n\(line)\n"), "\(line)") }
      #expect(report.contains("\n\nthe body\n") == (returned == "message"))
    }
  }

  @Test(
    "What the sender wants is handed on to a host that offers it, and answered for one that does not"
  )
  func handedOn() throws {
    for hasDSN in [true, false] {
      let hop = try Hop(keywords: hasDSN ? ["DSN"] : [])
      let gatepost = try Gatepost(hop: hop, trusting)
      try send(
        gatepost, from: "<bob@home.example> ENVID=QQ+3D1 RET=HDRS",
        "<ann@far.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Ann+2B@x.example")
      try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
      let mail = try #require(hop.commands.first { $0.hasPrefix("MAIL") })
      let rcpt = try #require(hop.commands.first { $0.hasPrefix("RCPT") })
      #expect(mail.contains(" RET=HDRS") == hasDSN && mail.contains(" ENVID=QQ+3D1") == hasDSN)
      #expect(rcpt.contains(" NOTIFY=SUCCESS,DELAY") == hasDSN)
      #expect(rcpt.contains(" ORCPT=rfc822;Ann+2B@x.example") == hasDSN)
      let reports = gatepost.maildrop("bob")
      #expect(reports.count == (hasDSN ? 0 : 1))
      #expect(reports.allSatisfy { $0.contains("\nAction: relayed\n") })
    }
  }

  // MARK: Addresses beyond ASCII

  @Test("An address beyond ASCII is a mailbox here, by SMTPUTF8 and in the trace field of it")
  func internationalMailbox() throws {
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.configure("[local]\naliases = \(gatepost.path)/aliases")
    try gatepost.write("jürgen: alice\n", to: "aliases")
    try gatepost.start()
    let client = try gatepost.greeted()
    try client.ask("MAIL FROM:<émile@bücher.example> SMTPUTF8", "250")
    try client.ask("RCPT TO:<jürgen@home.example>", "250")
    try client.ask("DATA", "354")
    try client.ask("From: Émile <émile@bücher.example>\r\nSubject: Grüße\r\n\r\nà\r\n.", "250")
    let mail = try #require(gatepost.maildrop("alice").first)
    #expect(mail.hasPrefix("Return-Path: <émile@xn--bcher-kva.example>\n"))
    #expect(mail.contains(" with UTF8SMTP id "))
    #expect(mail.contains("for <jürgen@home.example>"))
    #expect(mail.hasSuffix("\nFrom: Émile <émile@bücher.example>\nSubject: Grüße\n\nà\n"))
    #expect(try gatepost.curl("1").output.contains("Subject: Grüße\r\n"))
  }

  @Test("A domain of ours may be written in letters or as DNS has it")
  func internationalDomain() throws {
    let gatepost = try Gatepost("[server]\ndomains = home.example, xn--bcher-kva.example")
    let client = try gatepost.greeted()
    try client.deliver(to: "alice@xn--bcher-kva.example")
    try client.ask("MAIL FROM:<x@far.example> SMTPUTF8", "250")
    try client.ask("RCPT TO:<alice@BÜCHER.example>", "250")
    try client.ask("DATA", "354")
    try client.ask("Subject: x\r\n\r\nx\r\n.", "250")
    #expect(gatepost.maildrop("alice").count == 2)
  }

  @Test("Mail beyond ASCII goes to hosts that take it, and comes back from those that do not")
  func internationalRelay() throws {
    for takesIt in [true, false] {
      let hop = try Hop(keywords: takesIt ? ["SMTPUTF8"] : [])
      let gatepost = try Gatepost(hop: hop, trusting)
      try send(gatepost, from: "<bob@home.example> SMTPUTF8", "<änn@far.example>")
      try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
      if takesIt {
        #expect(hop.messages.map(\.recipients) == [["änn@far.example"]])
        #expect(hop.commands.contains { $0.hasPrefix("MAIL") && $0.contains(" SMTPUTF8") })
        #expect(hop.messages[0].content.contains(" with UTF8SMTP id "))
        continue
      }
      #expect(hop.messages.isEmpty)
      let report = try #require(gatepost.maildrop("bob").first)
      #expect(report.contains("\nStatus: 5.6.7\n"))
      #expect(report.contains("\nFinal-Recipient: utf-8; \\x{E4}nn@far.example\n"))
    }
  }

  @Test(
    "A domain in letters is looked up as DNS has it, and such mail needs no SMTPUTF8 further on")
  func internationalExchange() throws {
    let hop = try Hop()
    let gatepost = try Gatepost(hop: hop, trusting)
    try send(gatepost, from: "<bob@home.example> SMTPUTF8", "<ann@bücher.far.example>")
    try gatepost.eventually("it is at its exchange") { hop.messages.count == 1 }
    #expect(hop.messages[0].recipients == ["ann@xn--bcher-kva.far.example"])
    #expect(!hop.commands.contains { $0.contains("SMTPUTF8") })
  }

  // MARK: REQUIRETLS

  @Test("REQUIRETLS is offered and taken under TLS only, and never leaves in the clear")
  func requireTLS() throws {
    let hop = try Hop()
    let gatepost = try Gatepost(hop: hop, trusting)
    let clear = try gatepost.smtp()
    try clear.expect("220")
    #expect(try !clear.lines(after: "EHLO x.example").contains { $0.hasSuffix("REQUIRETLS") })
    try clear.ask("MAIL FROM:<bob@home.example> REQUIRETLS", "555 5.5.4")
    try clear.ask("STARTTLS", "220")
    try clear.startTLS()
    #expect(try clear.lines(after: "EHLO x.example").contains { $0.hasSuffix("REQUIRETLS") })
    try clear.ask("MAIL FROM:<bob@home.example> REQUIRETLS", "250")
    try clear.ask("RCPT TO:<ann@far.example>", "250")
    try clear.ask("DATA", "354")
    try clear.ask("Subject: x\r\n\r\nsecret\r\n.", "250")
    try gatepost.eventually("it comes back") { gatepost.maildrop("bob").count == 1 }
    #expect(gatepost.maildrop("bob")[0].contains("\nStatus: 5.7.10\n"))
    #expect(!gatepost.maildrop("bob")[0].contains("secret"))
    #expect(!hop.commands.contains { $0.hasPrefix("MAIL") })
  }
}
