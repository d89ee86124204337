import EndToEndSupport
import Foundation
import Testing

/// Each fault that a profile lets a device have, and the same device without the profile.
@Suite struct DeviceProfileTests {
  /// A server whose only trusted client is the device.
  private func gatepost(
    _ key: String, _ isSet: Bool, hop: Hop? = nil, _ more: String = ""
  ) throws -> Gatepost {
    try Gatepost(
      hop: hop,
      """
      [relay]
      networks = 127.0.0.0/8
      [profile device]
      networks = 127.0.0.1
      \(isSet ? key : "")
      \(more)
      """)
  }

  @Test(
    "odd-greeting: a printer greets by the name that it was given in the office, or by none",
    arguments: [true, false], ["HELO HP LaserJet 4000", "EHLO Büro 1", "HELO", "EHLO "])
  func oddGreeting(isSet: Bool, greeting: String) throws {
    let gatepost = try gatepost("odd-greeting = yes", isSet)
    let client = try gatepost.smtp()
    try client.expect("220")
    try client.ask(greeting, isSet ? "250" : "501 5.5.4")
    guard isSet else {
      try client.ask("MAIL FROM:<x@far.example>", "503 5.5.1")
      let verb = greeting.prefix(4)
      return #expect(
        gatepost.log.contains(
          "command-refused service=smtp client=127.0.0.1 verb=\(verb)"
            + " reply=\"501 5.5.4 Syntax: \(verb) hostname\" profile-key=odd-greeting\n"))
    }
    try client.deliver(to: "alice@home.example")
    // Such a name stands in a comment.
    let mail = try #require(gatepost.maildrop("alice").first)
    #expect(mail.contains("\nReceived: from unknown"))
    #expect(mail.contains("(greeted as HP LaserJet 4000)") == greeting.contains("LaserJet"))
  }

  @Test(
    "loose-paths: MAIL and RCPT lack their brackets",
    arguments: [true, false],
    [
      ("MAIL FROM:cam@home.example", "RCPT TO:ann@far.example"),
      ("MAIL FROM: cam@home.example", "RCPT TO: ann@far.example"),
    ])
  func loosePaths(isSet: Bool, paths: (mail: String, rcpt: String)) throws {
    let gatepost = try gatepost("loose-paths = yes", isSet)
    let client = try gatepost.greeted()
    try client.ask(paths.mail, isSet ? "250" : "501 5.1.7")
    if !isSet { try client.ask("MAIL FROM:<cam@home.example>", "250") }
    try client.ask(paths.rcpt, isSet ? "250" : "501 5.1.3")
    guard isSet else {
      return #expect(gatepost.log.count(of: " profile-key=loose-paths\n") == 2)
    }
    try client.ask("DATA", "354")
    try client.ask("Subject: x\r\n\r\nx\r\n.", "250")
    let queued = try #require(gatepost.queue.first)
    #expect(queued.contains("Gatepost-From: <cam@home.example>\n"))
    #expect(queued.contains("<ann@far.example>\n"))
  }

  @Test(
    "login-without-tls: a camera that knows AUTH and no TLS logs in", arguments: [true, false],
    ["PLAIN", "LOGIN"])
  func loginWithoutTLS(isSet: Bool, mechanism: String) throws {
    let gatepost = try gatepost("login-without-tls = yes", isSet)
    let run = try gatepost.swaks(
      to: "ann@far.example", "--port", "\(gatepost.ports.submission)", "--auth", mechanism,
      "--auth-user", "alice", "--auth-password", "secret")
    #expect((run.status == 0) == isSet, "\(run.output)")
    #expect(run.output.contains("250-AUTH") == isSet)
    #expect(gatepost.log.contains("user=\"alice\" how=AUTH\n") == isSet)
    guard !isSet else { return #expect(gatepost.queue[0].contains("with ESMTPA id")) }
    // Nor is a password taken that is sent without being asked for.
    let client = try gatepost.greeted(on: gatepost.ports.submission)
    try client.logIn(as: "alice", "538 5.7.11")
  }

  @Test(
    "keep-login: a scanner greets again before each page, and logs in again or not",
    arguments: [true, false])
  func keepLogin(isSet: Bool) throws {
    let gatepost = try gatepost("keep-login = yes", isSet)
    let client = try gatepost.loggedIn()
    try client.ask("HELO scanner.example", "250")
    try client.deliver(from: "alice@home.example", to: "ann@far.example")
    let queued = try #require(gatepost.queue.first)
    #expect(queued.contains("(authenticated as alice)") == isSet)
    try client.logIn(as: "bob", isSet ? "235" : "503 5.5.1")
  }

  @Test(
    "repair-bare-lf: a data logger ends its lines with LF, and its message arrives whole",
    arguments: [true, false])
  func repairBareLF(isSet: Bool) throws {
    let gatepost = try gatepost("repair-bare-lf = yes", isSet)
    let client = try gatepost.greeted()
    let content = "Subject: log\n\n21.5 C\n.\n22.0 C\r\n"
    try client.deliver(
      content, to: "alice@home.example", expecting: isSet ? "250" : "550 5.6.0")
    #expect(gatepost.maildrop("alice").count == (isSet ? 1 : 0))
    for mail in gatepost.maildrop("alice") {
      #expect(mail.hasSuffix("\nSubject: log\n\n21.5 C\n.\n22.0 C\n"))
      #expect(!mail.contains("\r"))
    }
  }

  @Test(
    "complete-header: an UPS sends a subject and a text, and From, To and MIME-Version are added",
    arguments: [true, false])
  func completeHeader(isSet: Bool) throws {
    let hop = try Hop()
    let gatepost = try gatepost("complete-header = yes", isSet, hop: hop)
    let client = try gatepost.greeted()
    try client.deliver(
      "Subject: on battery\r\n\r\nx\r\n", from: "ups@home.example", to: "ann@far.example")
    try client.deliver(
      "From: me@x.example\r\nCc: c@x.example\r\nMIME-Version: 1.0\r\n\r\nx\r\n",
      from: "ups@home.example", to: "bob@far.example")
    try gatepost.eventually("both are there") { hop.messages.count == 2 }
    let bare = try #require(hop.messages.first { $0.recipients == ["ann@far.example"] })
    #expect(bare.field("From") == (isSet ? "ups@home.example" : nil))
    #expect(bare.field("To") == (isSet ? "undisclosed-recipients:;" : nil))
    #expect(bare.field("MIME-Version") == (isSet ? "1.0" : nil))
    #expect(bare.content.hasSuffix("\n\nx\n"))
    let full = try #require(hop.messages.first { $0.recipients == ["bob@far.example"] })
    #expect(
      full.content.hasSuffix("\nFrom: me@x.example\nCc: c@x.example\nMIME-Version: 1.0\n\nx\n"))
  }

  @Test(
    "8bit-header: a device writes its alarm into the subject as it is, in whatever character set",
    arguments: [true, false], [[0x53, 0x74, 0xF6, 0x72], Array("Störung".utf8)])
  func eightBitHeader(isSet: Bool, subject: [UInt8]) throws {
    let gatepost = try gatepost("8bit-header = yes", isSet)
    let client = try gatepost.greeted()
    try client.ask("MAIL FROM:<cam@home.example>", "250")
    try client.ask("RCPT TO:<alice@home.example>", "250")
    try client.ask("DATA", "354")
    client.send(bytes: Array("Subject: ".utf8) + subject + Array("\r\n\r\nx\r\n.\r\n".utf8))
    try client.expect(isSet ? "250" : "550 5.6.0")
    let mail = try gatepost.maildropOctets("alice")
    #expect(mail.count == (isSet ? 1 : 0))
    #expect(mail.allSatisfy { $0.suffix(subject.count + 4) == subject + Array("\n\nx\n".utf8) })
  }

  @Test("hide: what EHLO does not offer is not there either", arguments: [true, false])
  func hide(isSet: Bool) throws {
    let gatepost = try gatepost("hide = STARTTLS, AUTH, CHUNKING", isSet, "login-without-tls = yes")
    let client = try gatepost.smtp()
    try client.expect("220")
    let lines = try client.lines(after: "EHLO client.example")
    for keyword in ["STARTTLS", "AUTH", "CHUNKING"] {
      #expect(lines.contains { $0.dropFirst(4).hasPrefix(keyword) } != isSet)
    }
    #expect(lines.contains("250-PIPELINING"))
    try client.ask("AUTH PLAIN", isSet ? "502 5.5.1" : "334")
    if !isSet { try client.ask("*", "501 5.7.0") }
    try client.ask("STARTTLS", isSet ? "502 5.5.1" : "220")
  }

  @Test(
    "old-tls: a device of 2012 shakes hands at the listener of its profile, and at no other",
    arguments: ["-tls1", "-tls1_1"])
  func oldTLS(version: String) throws {
    let gatepost = try Gatepost("[profile device]\nlisteners = submissions\nold-tls = yes")
    let name = version == "-tls1" ? "TLSv1" : "TLSv1.1"
    let implicit = try gatepost.handIn(with: [version], port: gatepost.ports.submissions)
    #expect(implicit.contains("Protocol  : \(name)\n"), "\(implicit)")
    #expect(implicit.contains("530 5.7.0"))
    let startTLS = ["-starttls", "smtp"]
    for port in [gatepost.ports.smtp, gatepost.ports.submission] {
      let run = try gatepost.handIn(with: startTLS + [version], port: port)
      #expect(!run.contains("250 2.1.0") && !run.contains("530 5.7.0"), "\(run)")
    }
    // Others are served with what they know, at the one and the other.
    #expect(
      try gatepost.handIn(with: ["-tls1_3"], port: gatepost.ports.submissions).contains("530 5.7.0")
    )

    // Without the profile nobody is, and a reload is enough for that.
    try gatepost.configure("")
    try gatepost.reload()
    let refused = try gatepost.handIn(with: [version], port: gatepost.ports.submissions)
    #expect(!refused.contains("530 5.7.0"), "\(refused)")
  }

  @Test("old-tls: what came over an old version says so in its trace field")
  func oldTLSTrace() throws {
    let gatepost = try gatepost("old-tls = yes", true)
    let run = try gatepost.handIn(with: ["-starttls", "smtp", "-tls1"], port: gatepost.ports.smtp)
    let mail = try #require(gatepost.maildrop("alice").first, "\(run)")
    #expect(mail.contains(#/\(using TLSv1 with cipher [A-Z0-9-]+-SHA\)/#))
    #expect(mail.contains(" with ESMTPS id "))
  }
}

extension Gatepost {
  /// Hands in a message for alice over TLS as OpenSSL's own client speaks it, with the ciphers of any time.
  fileprivate func handIn(with arguments: [String], port: UInt16) throws -> String {
    try Program.run(
      "openssl",
      ["s_client", "-connect", "127.0.0.1:\(port)", "-ign_eof", "-cipher", "ALL:@SECLEVEL=0"]
        + arguments,
      // In lower case, for `R` and `Q` at the start of a line are commands to the client itself.
      input: "ehlo dev\r\nmail from:<x@far.example>\r\nrcpt to:<alice@home.example>\r\ndata\r\n"
        + "subject: x\r\n\r\nx\r\n.\r\nquit\r\n"
    ).output
  }

  /// The messages of a user, byte by byte.
  fileprivate func maildropOctets(_ user: String) throws -> [[UInt8]] {
    let folder = "\(spool)/mail/\(user)/new"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
      FileManager.default.contents(atPath: "\(folder)/\($0)").map(Array.init)
    }
  }
}
