import EndToEndSupport
import Foundation
import TestSupport
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

  @Test(
    "Certificates are made at the first start, and kept; clients that have the authority take them")
  func certificate() throws {
    let gatepost = try Gatepost(hasCertificate: false)
    let names = [
      "authority-key.pem", "authority.pem", "cert-rsa.pem", "cert.pem", "key-rsa.pem", "key.pem",
    ]
    let files = names.map { "\(gatepost.path)/\($0)" }
    let before = files.map { FileManager.default.contents(atPath: $0) }
    #expect(before.allSatisfy { $0?.isEmpty == false })
    for name in names where name.contains("key") {
      let key = try FileManager.default.attributesOfItem(atPath: "\(gatepost.path)/\(name)")
      #expect((key[.posixPermissions] as? Int).map { $0 & 0o077 } == 0)
    }
    #expect(gatepost.log.contains("`gatepost certificate export` prints what clients"))

    let exported = try gatepost.tool("certificate", "export")
    #expect(exported.status == 0)
    try gatepost.write(exported.output, to: "exported.pem")
    for (cipher, kind) in [("ECDSA", "id-ecPublicKey"), ("aRSA", "rsaEncryption")] {
      let run = try Program.run(
        "sh",
        [
          "-c",
          """
          openssl s_client -connect 127.0.0.1:$1 -CAfile $2 -verify_return_error \
            -verify_hostname gw.home.example -tls1_2 -cipher $3 </dev/null 2>&1 |
            tee $2.out | openssl x509 -noout -text; cat $2.out
          """, "sh", "\(gatepost.ports.submissions)", "\(gatepost.path)/exported.pem", cipher,
        ])
      #expect(run.output.contains("Verify return code: 0 (ok)"), "\(run.output)")
      #expect(run.output.contains("Public Key Algorithm: \(kind)"), "\(run.output)")
    }
    let curl = try Program.run(
      "curl",
      [
        "-sS", "--cacert", "\(gatepost.path)/exported.pem", "--user", "alice:secret", "--resolve",
        "gw.home.example:\(gatepost.ports.pop3s):127.0.0.1",
        "pop3s://gw.home.example:\(gatepost.ports.pop3s)/",
      ])
    #expect(curl.status == 0, "\(curl.output)")
    let shown = try gatepost.tool("certificate", "show").output
    #expect(shown.contains("  key: RSA\n") && shown.contains("  key: ECDSA\n"))
    #expect(shown.contains("  names: gw.home.example, gw.local, gw\n"), "\(shown)")

    gatepost.terminate()
    #expect(try gatepost.waitForEnd() == 0)
    try gatepost.start()
    #expect(files.map { FileManager.default.contents(atPath: $0) } == before)
  }

  @Test("The admin's two certificates are served, each to the clients that can use it")
  func twoCertificates() throws {
    let authority = try TestAuthority.shared.get()
    let (ecdsa, rsa) = (
      try authority.issue(.init("gw.home.example")),
      try authority.issue(.init("gw.home.example", key: .rsa2048))
    )
    let gatepost = try Gatepost(
      """
      [tls]
      certificate = \(ecdsa.certificate), \(rsa.certificate)
      key = \(ecdsa.key), \(rsa.key)
      """)
    for (cipher, issuer) in [("ECDSA", "ec"), ("aRSA", "rsa")] {
      let run = try Program.run(
        "openssl",
        [
          "s_client", "-connect", "127.0.0.1:\(gatepost.ports.pop3s)", "-CAfile", authority.root,
          "-verify_return_error", "-tls1_2", "-cipher", cipher,
        ], input: "QUIT\r\n")
      #expect(run.output.contains("Verify return code: 0 (ok)"), "\(run.output)")
      #expect(run.output.contains("CN = Test Intermediate \(issuer)"))
    }
    let exported = try gatepost.tool("certificate", "export")
    #expect(exported.status == 69, "\(exported.output)")
  }

  @Test(
    "A device with a key exchange of its time gets in: RSA, and DHE with old-tls alone",
    arguments: ["AES128-SHA", "DHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA"])
  func oldKeyExchange(cipher: String) throws {
    let gatepost = try Gatepost(
      "[profile old]\nnetworks = 127.0.0.2\nold-tls = yes")
    func connect(_ source: String, _ version: String, port: UInt16) throws -> String {
      try Program.run(
        "openssl",
        [
          "s_client", "-connect", "127.0.0.1:\(port)", "-bind", source, version, "-cipher",
          "\(cipher):@SECLEVEL=0", "-brief",
        ], input: "QUIT\r\n"
      ).output
    }
    for port in [gatepost.ports.submissions, gatepost.ports.pop3s] {
      for version in ["-tls1", "-tls1_1", "-tls1_2"] {
        #expect(
          try connect("127.0.0.2", version, port: port).contains("Ciphersuite: \(cipher)"),
          "\(version)")
      }
      #expect(
        try !connect("127.0.0.1", "-tls1", port: port).contains("CONNECTION ESTABLISHED"))
      #expect(
        try connect("127.0.0.1", "-tls1_2", port: port).contains("Ciphersuite: \(cipher)"))
    }
    try gatepost.waitForLog(
      "while shaking hands: TLS: the client speaks TLS 1.0 at most; if it is a device of yours, it needs a "
        + "[profile] with old-tls = yes")
  }

  @Test(
    "The log says that a device needs an RSA certificate, and that one does not know our authority")
  func advice() throws {
    let authority = try TestAuthority.shared.get()
    let files = try authority.issue(.init("gw.home.example"))
    let gatepost = try Gatepost(
      "[tls]\ncertificate = \(files.certificate)\nkey = \(files.key)")
    _ = try Program.run(
      "openssl",
      [
        "s_client", "-connect", "127.0.0.1:\(gatepost.ports.submissions)", "-tls1_2", "-cipher",
        "aRSA",
      ])
    try gatepost.waitForLog("the client needs a certificate with an RSA key")
    _ = try Program.run(
      "curl", ["-sS", "pop3s://127.0.0.1:\(gatepost.ports.pop3s)/", "--user", "alice:secret"])
    try gatepost.waitForLog("the client does not trust the certificate (unknown CA)")
  }

  @Test("A profile lets a device of POP3 log in without TLS")
  func pop3Profile() throws {
    let gatepost = try Gatepost(
      """
      [pop3]
      login-without-tls = no
      [profile reader]
      networks = 127.0.0.2
      login-without-tls = yes
      """)
    #expect(
      try gatepost.curl("", user: "alice:secret", scheme: "pop3", "--interface", "127.0.0.2").status
        == 0)
    #expect(try gatepost.curl().status != 0)
  }

  @Test("Port 25 gives no tickets, and a ticket of one service resumes no session of another")
  func tickets() throws {
    let gatepost = try Gatepost()
    func connect(_ port: UInt16, _ options: String...) throws -> String {
      try Program.run(
        "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-ign_eof"] + options,
        input: "QUIT\r\n"
      ).output
    }
    let file = "\(gatepost.path)/session"
    for version in ["-tls1_2", "-tls1_3"] {
      let port25 = try connect(gatepost.ports.smtp, "-starttls", "smtp", version)
      #expect(!port25.contains("TLS session ticket:"), "\(port25)")
      let first = try connect(gatepost.ports.submissions, version, "-sess_out", file)
      #expect(first.contains("TLS session ticket:"), "\(first)")
      #expect(
        try connect(gatepost.ports.submissions, version, "-sess_in", file).contains("Reused, TLS"))
      for (port, options) in [
        (gatepost.ports.pop3s, []), (gatepost.ports.submission, ["-starttls", "smtp"]),
        (gatepost.ports.smtp, ["-starttls", "smtp"]),
      ] {
        let other = try Program.run(
          "openssl",
          ["s_client", "-connect", "127.0.0.1:\(port)", "-ign_eof", version, "-sess_in", file]
            + options,
          input: "QUIT\r\n")
        #expect(other.output.contains("New, TLS"), "\(port): \(other.output)")
      }
    }
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
