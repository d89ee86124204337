import EndToEndSupport
import Foundation
import Testing

/// What clients are turned away for, and what the log says of it.
@Suite struct RateTests {
  @Test("An address has so many connections in a minute, all services together, and is told of it")
  func connections() throws {
    let gatepost = try Gatepost(
      "[abuse]\nconnections-per-minute = 4\n[relay]\nnetworks = 127.0.0.1/32")
    for _ in 1...2 {
      try gatepost.smtp(from: "127.0.0.2").expect("220")
      try Client(port: gatepost.ports.pop3, from: "127.0.0.2").expect("+OK")
    }
    for _ in 1...3 {
      try gatepost.smtp(from: "127.0.0.2").expect("421 4.7.0")
      try Client(port: gatepost.ports.pop3, from: "127.0.0.2").expect("-ERR")
    }
    try gatepost.smtp(from: "127.0.0.3").expect("220")
    for _ in 1...10 { try gatepost.smtp().expect("220") }
    #expect(gatepost.log.count(of: "client-refused ") == 1, "once in a minute")
    #expect(
      gatepost.log.contains(
        "client-refused service=smtp client=127.0.0.2 "
          + "reason=\"more than 4 connections in a minute\"\n"))
  }

  @Test("An address has so many commands in a minute, over all its sessions")
  func commands() throws {
    let gatepost = try Gatepost(
      "[abuse]\ncommands-per-minute = 10\n[relay]\nnetworks = 127.0.0.1/32")
    let clients = try (1...2).map { _ in try gatepost.smtp(from: "127.0.0.2") }
    for client in clients {
      try client.expect("220")
      for _ in 1...5 { try client.ask("NOOP", "250") }
    }
    try clients[0].ask("NOOP", "421 4.7.0 Too many commands")
    #expect(try clients[0].line() == "<closed>")
    try clients[1].ask("QUIT", "421 4.7.0 Too many commands")
    let trusted = try gatepost.smtp()
    try trusted.expect("220")
    for _ in 1...50 { try trusted.ask("NOOP", "250") }
    #expect(gatepost.log.count(of: "reason=\"Too many commands, try again later\"") == 2)
  }

  @Test("Wrong passwords over SMTP and POP3 count together, and the ban is for both")
  func bans() throws {
    let gatepost = try Gatepost("[abuse]\nfailed-logins = 2\n[relay]\nnetworks = 127.0.0.1/32")
    func guess(_ password: String, from source: String) throws -> String {
      let client = try Client(port: gatepost.ports.submissions, from: source)
      try client.startTLS()
      try client.expect("220")
      try client.ask("EHLO client.example", "250")
      let response = Data("\0alice\0\(password)".utf8).base64EncodedString()
      client.send("AUTH PLAIN \(response)\r\n")
      return try client.reply()
    }
    // A session that is open before the ban.
    let open = try gatepost.smtp(from: "127.0.0.2")
    try open.expect("220")
    let pop3 = try Client(port: gatepost.ports.pop3, from: "127.0.0.2")
    try pop3.expect("+OK")
    try pop3.ask("USER alice", "+OK")
    try pop3.ask("PASS wrong", "-ERR [AUTH]")
    #expect(try guess("other", from: "127.0.0.2").hasPrefix("421 4.7.0 Too many failed logins"))

    try gatepost.smtp(from: "127.0.0.2").expect("421")
    try Client(port: gatepost.ports.pop3, from: "127.0.0.2").expect("-ERR")
    #expect(
      throws: (any Error).self, "not even a handshake",
      performing: { try Client(port: gatepost.ports.submissions, from: "127.0.0.2").startTLS() })
    try open.ask("NOOP", "250")
    // Nobody else is banned.
    #expect(try guess("secret", from: "127.0.0.3").hasPrefix("235"))
    for password in ["wrong", "other"] {
      #expect(try guess(password, from: "127.0.0.1").hasPrefix("535"), "a device of the house")
    }
    #expect(try guess("secret", from: "127.0.0.1").hasPrefix("235"))

    let log = gatepost.log.split(separator: "\n")
    #expect(log.count { $0.hasPrefix("login-failed ") && $0.contains("client=127.0.0.2 ") } == 2)
    #expect(
      log.filter { $0.hasPrefix("client-banned ") } == [
        "client-banned client=127.0.0.2 seconds=900 reason=\"2 failed logins\""
      ])
    #expect(
      log.filter { $0.hasPrefix("client-refused ") } == [
        "client-refused service=smtp client=127.0.0.2 reason=\"banned after 2 failed logins\""
      ])
  }

  @Test(
    "Who talks before the greeting is refused, unless it is of the house or that is switched off")
  func earlyTalkers() throws {
    let gatepost = try Gatepost(
      "[relay]\nnetworks = 127.0.0.1/32\n[abuse]\nrefuse-early-talkers = yes")
    /// Talks while the daemon sleeps, so that it is early by all means.
    func talk(from source: String, to port: UInt16) throws -> Client {
      gatepost.suspend()
      defer { gatepost.resume() }
      let client = try Client(port: port, from: source)
      client.send("EHLO client.example\r\nMAIL FROM:<x@far.example>\r\n")
      return client
    }
    for port in [gatepost.ports.smtp, gatepost.ports.submission] {
      let client = try talk(from: "127.0.0.2", to: port)
      try client.expect("554 5.5.0 You have talked before the greeting")
      #expect(try client.line() == "<closed>")
    }
    let patient = try Client(port: gatepost.ports.smtp, from: "127.0.0.2")
    try patient.expect("220")
    try talk(from: "127.0.0.1", to: gatepost.ports.smtp).expect("220")
    #expect(gatepost.log.count(of: "You have talked before the greeting") == 2)
    try gatepost.configure("[abuse]\nrefuse-early-talkers = no")
    try gatepost.reload()
    try talk(from: "127.0.0.2", to: gatepost.ports.smtp).expect("220")
  }

  @Test(
    "What is no mail client is sent away at its first line",
    arguments: [
      "GET / HTTP/1.1", "POST /x HTTP/1.1", "CONNECT far.example:25 HTTP/1.1",
      "SSH-2.0-OpenSSH_9.2", "OPTIONS / HTTP/1.0", "PRI * HTTP/2.0",
    ])
  func otherProtocols(line: String) throws {
    let gatepost = try Gatepost()
    let client = try gatepost.smtp()
    try client.expect("220")
    client.send(
      "\(line)\r\nHost: x\r\n\r\nEHLO client.example\r\nMAIL FROM:<x@far.example>\r\n"
        + "RCPT TO:<alice@home.example>\r\nDATA\r\nSubject: x\r\n\r\nevil\r\n.\r\n")
    try client.expect("421 4.7.0 This is a mail server")
    #expect(try client.line() == "<closed>")
    #expect(gatepost.maildrop("alice").isEmpty)
  }

  @Test("A hundred bad clients of every kind keep no good one out")
  func hundred() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.1/32")
    let flood = (1...500).map { "RCPT TO:<ann\($0)@far.example>\r\n" }.joined()
    let guess = Data("\0alice\0wrong".utf8).base64EncodedString()
    let crowd = try (0..<100).map { number in
      let source = "127.0.5.\(1 + number)"
      switch number % 6 {
      case 0:
        let client = try Client(port: gatepost.ports.submissions, from: source)
        try client.startTLS()
        client.send("EHLO client.example\r\nAUTH PLAIN \(guess)\r\n")
        return client
      case 1:
        let client = try gatepost.smtp(from: source)
        client.send(bytes: (0..<4000).map { UInt8(truncatingIfNeeded: $0 * $0 + number) })
        return client
      case 2:
        let client = try gatepost.smtp(from: source)
        try client.expect("220")
        client.send("GET / HTTP/1.1\r\nHost: gw.home.example\r\n\r\n")
        return client
      case 3:
        let client = try gatepost.smtp(from: source)
        try client.expect("220")
        client.send(bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        return client
      case 4:
        let client = try gatepost.smtp(from: source)
        client.send("EHLO client.example\r\nMAIL FROM:<x@far.example>\r\nDATA\r\n")
        return client
      default:
        let client = try gatepost.smtp(from: source)
        try client.expect("220")
        client.send("EHLO client.example\r\nMAIL FROM:<x@far.example>\r\n\(flood)")
        return client
      }
    }
    let device = try gatepost.send(to: "ann@far.example")
    #expect(device.hasPrefix("250"))
    let stranger = try gatepost.smtp(from: "127.0.0.2")
    try stranger.beginMessage(from: "x@far.example", to: "alice@home.example")
    try stranger.ask("Subject: hello\r\n\r\nhello\r\n.", "250")
    let user = try Client(port: gatepost.ports.submissions, from: "127.0.0.3")
    try user.startTLS()
    try user.expect("220")
    try user.ask("EHLO client.example", "250")
    let login = Data("\0alice\0secret".utf8).base64EncodedString()
    try user.ask("AUTH PLAIN \(login)", "235")
    #expect(gatepost.queue.count == 1)
    #expect(gatepost.maildrop("alice").count == 1)
    withExtendedLifetime(crowd) {}
  }
}
