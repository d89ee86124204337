import EndToEndSupport
import Foundation
import Testing

/// Mail from the Internet, and what is written on mail of any kind.
@Suite struct OutsideTests {
  // MARK: Blocklists

  @Test("A client on a blocklist delivers nothing, and hears which list it is on")
  func listed() throws {
    let gatepost = try Gatepost("[abuse]\ndnsbl = void.far.example, list.example")
    let client = try gatepost.greeted(from: "127.0.0.2")
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask(
      "RCPT TO:<alice@home.example>",
      "550 5.7.1 Your address 127.0.0.2 is listed at list.example")
    #expect(gatepost.log.contains("reason=\"listed at list.example\""))
    // Who is on no list is not held up by one that does not exist.
    try gatepost.greeted(from: "127.0.0.3").deliver(to: "alice@home.example")
    #expect(gatepost.maildrop("alice").count == 1)
  }

  @Test("No list is asked about a client that is trusted or has logged in")
  func neverListed() throws {
    let gatepost = try Gatepost("[abuse]\ndnsbl = list.example\n[relay]\nnetworks = 127.0.0.2")
    try gatepost.greeted(from: "127.0.0.2").deliver(to: "alice@home.example", "ann@far.example")
    try gatepost.configure("[abuse]\ndnsbl = list.example")
    try gatepost.reload()
    let client = try Client(port: gatepost.ports.submissions, from: "127.0.0.2")
    try client.startTLS()
    try client.expect("220")
    try client.ask("EHLO client.example", "250")
    try client.logIn()
    try client.deliver(from: "alice@home.example", to: "bob@home.example", "ann@far.example")
    #expect(gatepost.maildrop("alice").count == 1 && gatepost.maildrop("bob").count == 1)
  }

  // MARK: SPF

  @Test(
    "The result of SPF stands above the message, and refuses nothing",
    arguments: [
      ("x@far.example", "127.0.0.1", "spf=pass smtp.mailfrom=far.example"),
      ("x@far.example", "127.0.0.2", "spf=fail smtp.mailfrom=far.example"),
      ("x@nobody.far.example", "127.0.0.1", "spf=fail smtp.mailfrom=nobody.far.example"),
      ("x@host.far.example", "127.0.0.1", "spf=none smtp.mailfrom=host.far.example"),
      ("x@wrong.far.example", "127.0.0.1", "spf=permerror smtp.mailfrom=wrong.far.example"),
      ("", "127.0.0.1", "spf=temperror smtp.helo=client.example"),
    ])
  func spf(sender: String, source: String, result: String) throws {
    let gatepost = try Gatepost("[abuse]\nspf = yes")
    try gatepost.greeted(from: source).deliver(from: sender, to: "alice@home.example")
    let mail = try #require(gatepost.maildrop("alice").first)
    let unfolded = mail.replacingOccurrences(of: "\n\t", with: " ")
    #expect(unfolded.contains("\nAuthentication-Results: gw.home.example; \(result)\n"))
  }

  @Test("SPF says nothing about mail of the house, nor where it is not asked for")
  func noSPF() throws {
    for settings in ["", "[abuse]\nspf = yes\n[relay]\nnetworks = 127.0.0.1"] {
      let gatepost = try Gatepost(settings)
      #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
      #expect(gatepost.maildrop("alice").first?.contains("Authentication-Results") == false)
    }
  }

  @Test("Results in our own name are removed, however they are written; those of others stay")
  func forgedResults() throws {
    let gatepost = try Gatepost()
    let kept = "Authentication-Results: mx.other.example; spf=pass\r\n"
    let forged = """
      Authentication-Results: gw.home.example; spf=pass\r
      AUTHENTICATION-RESULTS : GW.Home.Example 1;\r
      \tdkim=pass header.d=bank.example\r
      Authentication-Results: (a comment) "gw.home.example"; dmarc=pass\r
      Authentication-Results:\r
       gw.home.example; none\r
      Return-Path: <boss@home.example>\r

      """
    let content = "\(forged)\(kept)Subject: x\r\n\r\nAuthentication-Results: gw.home.example; x\r\n"
    #expect(try gatepost.send(content, to: "alice@home.example").hasPrefix("250"))
    let mail = try #require(gatepost.maildrop("alice").first)
    #expect(
      mail.hasSuffix(
        "+0000\nAuthentication-Results: mx.other.example; spf=pass\nSubject: x\n\n"
          + "Authentication-Results: gw.home.example; x\n"))
    #expect(mail.hasPrefix("Return-Path: <x@far.example>\nReceived: "))
    #expect(mail.count(of: "Return-Path:") == 1)
  }

  // MARK: What is left alone and what is added

  /// Lines that a program with ideas of its own would touch.
  private static let odd = [
    "received: from somewhere\r\n\tby else; Thu, 1 Jan 1970 00:00:00 +0000\r\n",
    "subject:no space\r\n",
    "X-Empty:\r\nBcc: me@far.example\r\n", "Sender: a@b\r\nSender: c@d\r\nDate: never\r\n",
    "From: =?utf-8?q?x?= <x@far.example>\r\nX:   spaces   \t\r\n", "",
  ]

  @Test("Mail from outside lies in the maildrop as it was sent, octet by octet", arguments: odd)
  func untouched(header: String) throws {
    let gatepost = try Gatepost("[smtp]\nadd-missing-fields = yes\nadd-sender = yes")
    let content = "\(header)\r\n\(String(repeating: "x", count: 990))\r\n\tà \r\n...\r\n\r\n"
    let client = try gatepost.smtp()
    try client.beginMessage(from: "x@far.example", to: "alice@home.example")
    client.send(content.replacingOccurrences(of: "\r\n...\r\n", with: "\r\n....\r\n") + ".\r\n")
    try client.expect("250")
    let mail = try #require(gatepost.maildrop("alice").first)
    let trace = try #require(mail.firstRange(of: #/^Return-Path: .*\nReceived: .*\n(?:\t.*\n)+/#))
    #expect(
      mail[trace.upperBound...] == content.replacingOccurrences(of: "\r\n", with: "\n"))
  }

  @Test("Submitted mail gets the Date and Message-ID that it lacks, also from trusted networks")
  func missingFields() throws {
    for isOn in [true, false] {
      let gatepost = try Gatepost(
        "[smtp]\nadd-missing-fields = \(isOn ? "yes" : "no")\n[relay]\nnetworks = 127.0.0.1")
      try gatepost.loggedIn().deliver(from: "alice@home.example", to: "bob@home.example")
      try gatepost.greeted().deliver(from: "cam@home.example", to: "bob@home.example")
      try gatepost.greeted().deliver(
        "Date: mine\r\nMessage-ID: <1@pc>\r\n\r\nx\r\n", to: "alice@home.example")
      #expect(gatepost.maildrop("bob").count == 2)
      for mail in gatepost.maildrop("bob") {
        #expect(mail.contains(#/\nMessage-ID: <\S+@gw\.home\.example>\n/#) == isOn)
        #expect(mail.contains(#/\nDate: \w{3}, .* \+0000\n/#) == isOn)
      }
      #expect(
        gatepost.maildrop("alice").first?.hasSuffix("\nDate: mine\nMessage-ID: <1@pc>\n\nx\n")
          == true)
    }
  }

  @Test(
    "Where From is another's, Sender says who it was, if that is wanted",
    arguments: [
      ("From: Alice <ALICE@home.example>\r\n", nil),
      ("From: boss@far.example\r\n", "alice@home.example"),
      ("From: a@x.example, alice@home.example\r\n", "alice@home.example"),
      ("From: boss@far.example\r\nSender: s@far.example\r\n", "s@far.example"), ("", nil),
    ])
  func sender(header: String, sender: String?) throws {
    let gatepost = try Gatepost("[smtp]\nadd-sender = yes")
    try gatepost.loggedIn().deliver(
      "\(header)\r\nx\r\n", from: "alice@home.example", to: "bob@home.example")
    let mail = try #require(gatepost.maildrop("bob").first)
    let senders = mail.split(separator: "\n").filter { $0.hasPrefix("Sender: ") }
    #expect(senders == (sender.map { ["Sender: \($0)"] } ?? []))
  }

  // MARK: Trace fields

  @Test("The trace field tells from where, by which encryption, and as whom a message came")
  func trace() throws {
    let gatepost = try Gatepost("[pop-before-smtp]\nnetworks = 127.0.0.1")
    try gatepost.loggedIn().deliver(from: "alice@home.example", to: "bob@home.example")
    var mail = try #require(gatepost.maildrop("bob").first)
    #expect(
      mail.contains(
        #/\nReceived: from client\.example \(\[127\.0\.0\.1\]\)\n\t\(using TLSv1\.3 with cipher TLS_\w+\)\n\t\(authenticated as alice\)\n\tby gw\.home\.example with ESMTPSA id \S+\n\tfor <bob@home\.example>;\n\t/#
      ))

    #expect(try gatepost.curl(user: "alice:secret").status == 0)
    let client = try gatepost.smtp()
    try client.expect("220")
    try client.ask("HELO [127.0.0.1]", "250")
    try client.deliver(from: "alice@home.example", to: "alice@home.example", "bob@home.example")
    mail = try #require(gatepost.maildrop("alice").first)
    #expect(
      mail.contains(
        #/\nReceived: from \[127\.0\.0\.1\] \(\[127\.0\.0\.1\]\)\n\t\(alice, POP-before-SMTP\)\n\tby gw\.home\.example with SMTP id \S+;\n\t/#
      ))
  }

  @Test("Of mail by SMTPUTF8 the trace field says so", arguments: [true, false])
  func internationalTrace(isEncrypted: Bool) throws {
    let gatepost = try Gatepost()
    let client = try isEncrypted ? gatepost.loggedIn() : gatepost.greeted()
    try client.ask("MAIL FROM:<alice@home.example> SMTPUTF8", "250")
    try client.ask("RCPT TO:<bob@home.example>", "250")
    try client.ask("DATA", "354")
    try client.ask("Subject: ü\r\n\r\nx\r\n.", "250")
    let mail = try #require(gatepost.maildrop("bob").first)
    #expect(mail.contains(" with \(isEncrypted ? "UTF8SMTPSA" : "UTF8SMTP") id "))
  }
}
