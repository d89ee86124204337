import EndToEndSupport
import Foundation
import Testing

/// TLS and logins, with the clients that people use.
@Suite struct EncryptionTests {
  @Test(
    "A user who logs in under TLS may send from anywhere",
    arguments: ["PLAIN", "LOGIN"], ["--tls", "--tls-on-connect"])
  func submission(mechanism: String, tls: String) throws {
    let gatepost = try Gatepost()
    let port = tls == "--tls" ? gatepost.ports.submission : gatepost.ports.submissions
    func send(password: String) throws -> (status: Int32, output: String) {
      try gatepost.swaks(
        to: "ann@far.example", "--port", "\(port)", tls, "--auth", mechanism, "--auth-user",
        "alice", "--auth-password", password, "--local-interface", "127.0.0.2")
    }
    let refused = try send(password: "wrong")
    #expect(refused.status != 0 && refused.output.contains("535 5.7.8"))
    #expect(try send(password: "secret").status == 0)
    let message = try #require(gatepost.queue.first)
    #expect(gatepost.queue.count == 1)
    #expect(message.contains("with ESMTPSA id"))
  }

  @Test("Without TLS no password is taken, and without a login the submission port takes no mail")
  func noPasswordInTheClear() throws {
    let gatepost = try Gatepost()
    let port = "\(gatepost.ports.submission)"
    let plain = try gatepost.swaks(
      to: "ann@far.example", "--port", port, "--auth", "PLAIN", "--auth-user", "alice",
      "--auth-password", "secret")
    #expect(plain.status != 0)
    #expect(gatepost.log.count(of: "login service=submission") == 0)
    let anonymous = try gatepost.swaks(to: "alice@home.example", "--port", port, "--tls")
    #expect(anonymous.output.contains("530 5.7.0"))
  }

  @Test("POP3 is read under TLS, from the start or after STLS")
  func pop3() throws {
    let gatepost = try Gatepost("[pop3]\nlogin-without-tls = no")
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    #expect(try gatepost.curl().status != 0)
    #expect(try gatepost.curl("1", "--ssl-reqd").output.contains("\r\nhello\r\n"))
    #expect(try gatepost.curl("1", scheme: "pop3s").output.contains("\r\nhello\r\n"))
  }

  @Test(
    "TLS 1.1 is spoken with a device whose profile says so, and with no other",
    arguments: [false, true])
  func oldTLS(isOn: Bool) throws {
    let gatepost = try Gatepost(
      "[profile old]\nnetworks = 127.0.0.0/8\nold-tls = \(isOn ? "yes" : "no")")
    let run = try Program.run(
      "openssl",
      [
        "s_client", "-connect", "127.0.0.1:\(gatepost.ports.submissions)", "-tls1_1", "-cipher",
        "DEFAULT:@SECLEVEL=0", "-brief",
      ], input: "QUIT\r\n")
    #expect(run.output.contains("Protocol version: TLSv1.1") == isOn, "\(run.output)")
  }

  @Test("A certificate is made at the first start, and kept")
  func certificate() throws {
    let gatepost = try Gatepost()
    let files = ["cert.pem", "key.pem"].map { "\(gatepost.path)/\($0)" }
    let before = files.map { FileManager.default.contents(atPath: $0) }
    #expect(before.allSatisfy { $0?.isEmpty == false })
    let key = try FileManager.default.attributesOfItem(atPath: files[1])
    #expect((key[.posixPermissions] as? Int).map { $0 & 0o007 } == 0)
    let shown = try Program.run(
      "openssl", ["x509", "-in", files[0], "-noout", "-text"])
    #expect(shown.output.contains("DNS:gw.home.example") && shown.output.contains("P-256"))
    gatepost.terminate()
    #expect(try gatepost.waitForEnd() == 0)
    try gatepost.start()
    #expect(files.map { FileManager.default.contents(atPath: $0) } == before)
  }

  @Test("Commands that follow STARTTLS or STLS in the clear end the connection")
  func injection() throws {
    let gatepost = try Gatepost()
    let smtp = try gatepost.smtp()
    try smtp.expect("220")
    try smtp.ask("EHLO client.example", "250")
    smtp.send("STARTTLS\r\nMAIL FROM:<evil@far.example>\r\n")
    var lines = try [smtp.line(), smtp.line()]
    #expect(!lines.contains { $0.hasPrefix("220") || $0.hasPrefix("250") })
    #expect(lines.last == "<closed>")

    let pop3 = try Client(port: gatepost.ports.pop3)
    try pop3.expect("+OK")
    pop3.send("STLS\r\nUSER alice\r\n")
    lines = try [pop3.line(), pop3.line()]
    #expect(lines == ["-ERR Nothing may follow STLS in one go", "<closed>"])
  }

  @Test("Plain text in place of the handshake ends the connection", arguments: ["pop3", "smtp"])
  func plainText(service: String) throws {
    let gatepost = try Gatepost()
    let isPOP3 = service == "pop3"
    let client = try Client(port: isPOP3 ? gatepost.ports.pop3 : gatepost.ports.smtp)
    try client.expect(isPOP3 ? "+OK" : "220")
    if isPOP3 {
      try client.ask("STLS", "+OK")
    } else {
      try client.ask("EHLO client.example", "250")
      try client.ask("STARTTLS", "220")
    }
    client.send("NOOP\r\nMAIL FROM:<evil@far.example>\r\nQUIT\r\n")
    var said = try client.line()
    // An alert of TLS is no text.
    while said != "<closed>" {
      #expect(!said.hasPrefix("250") && !said.hasPrefix("+OK") && !said.hasPrefix("221"))
      said = try client.line()
    }
    try gatepost.smtp().expect("220")
  }
}
