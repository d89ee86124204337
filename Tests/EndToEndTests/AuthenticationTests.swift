import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// Every mechanism, TLS from the start and after STARTTLS, the right password and a wrong one.
@Suite struct AuthenticationTests {
  @Test(
    "A mail program logs in by SMTP and sends",
    arguments: ["scram-sha-256", "plain", "login"], ["submission", "submissions"])
  func msmtp(mechanism: String, service: String) throws {
    let gatepost = try Gatepost()
    let refused = try gatepost.msmtp(service, mechanism, password: "wrong")
    #expect(refused.status != 0)
    #expect(refused.output.contains("535 5.7.8"))
    #expect(gatepost.log.contains("login-failed service=\(service)"))
    let accepted = try gatepost.msmtp(service, mechanism, password: "secret")
    #expect(accepted.status == 0, "\(accepted.output)")
    #expect(gatepost.queue.count == 1)
    #expect(gatepost.queue.first?.contains("with ESMTPSA id") == true)
  }

  @Test(
    "A mail program logs in by POP3 and reads",
    arguments: ["scram-sha-256", "plain", "login", "user"], ["pop3", "pop3s"])
  func mpop(mechanism: String, service: String) throws {
    let gatepost = try Gatepost("[pop3]\nlogin-without-tls = no")
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    #expect(try gatepost.mpop(service, mechanism, password: "wrong").status != 0)
    #expect(gatepost.log.contains("login-failed service=\(service)"))
    let read = try gatepost.mpop(service, mechanism, password: "secret")
    #expect(read.status == 0, "\(read.output)")
    #expect(read.mail.contains("\nhello\n"))
    #expect(gatepost.log.contains("how=\(mechanism.uppercased())+TLS"))
  }

  // TLS 1.3 is bound to by tls-exporter, TLS 1.2 by tls-unique; GnuTLS computes both by itself.
  @Test(
    "A client proves its password to the connection that it has by another TLS library",
    arguments: ["NORMAL", "NORMAL:-VERS-TLS1.3"])
  func gsasl(priority: String) throws {
    let gatepost = try Gatepost()
    func logIn(password: String) throws -> (status: Int32, output: String) {
      try Program.run(
        "gsasl",
        [
          "--smtp", "--connect=127.0.0.1:\(gatepost.ports.submission)", "--x509-ca-file=",
          "--priority=\(priority)", "--mechanism=SCRAM-SHA-256-PLUS",
          "--authentication-id=alice", "--password=\(password)", "--verbose",
        ])
    }
    let refused = try logIn(password: "wrong")
    #expect(refused.status != 0)
    #expect(refused.output.contains("535 5.7.8"))
    let accepted = try logIn(password: "secret")
    #expect(accepted.status == 0, "\(accepted.output)")
    #expect(accepted.output.contains("server trusted"))
    #expect(gatepost.log.contains("login service=submission"))
  }

  @Test(
    "A proof is bound to its connection, with TLS from the start and after STARTTLS",
    arguments: ["tls-exporter", "tls-server-end-point"], ["submission", "submissions"])
  func bound(kind: String, service: String) throws {
    let gatepost = try Gatepost()
    func greeted() throws -> Client {
      let client = try Client(
        port: service == "submission" ? gatepost.ports.submission : gatepost.ports.submissions)
      if service == "submissions" { try client.startTLS() }
      try client.expect("220")
      try client.ask("EHLO client.example", "250")
      guard service == "submission" else { return client }
      try client.ask("STARTTLS", "220")
      try client.startTLS()
      try client.ask("EHLO client.example", "250")
      return client
    }
    let client = try greeted()
    let binding = try #require(client.channelBinding(named: kind))
    for password in ["wrong", "secret"] {
      var scram = SCRAMClient(password: password, header: "p=\(kind),,", binding: binding)
      let reply = try client.prove(&scram)
      guard password == "secret" else {
        #expect(reply.hasPrefix("535 5.7.8 User name or password wrong"))
        continue
      }
      #expect(scram.accepts(Client.decoded(reply)))
      try client.ask("", "235")
    }
    // The certificate is the same on every connection, and the secret of the session is not.
    var scram = SCRAMClient(header: "p=\(kind),,", binding: binding)
    let other = try greeted()
    let reply = try other.prove(&scram)
    #expect(
      kind == "tls-exporter"
        ? reply.hasPrefix("535 5.7.8 The proof is not for this connection")
        : scram.accepts(Client.decoded(reply)))
  }
}

extension Client {
  /// Speaks SCRAM-SHA-256-PLUS up to the reply to the client's last message.
  fileprivate func prove(_ scram: inout SCRAMClient) throws -> String {
    send("AUTH SCRAM-SHA-256-PLUS \(Data(scram.first.utf8).base64EncodedString())\r\n")
    let final = scram.final(Self.decoded(try reply()))
    send("\(Data(try #require(final).utf8).base64EncodedString())\r\n")
    return try reply()
  }

  /// The text of a challenge; the reply itself where it is none.
  fileprivate static func decoded(_ reply: String) -> String {
    guard reply.hasPrefix("334 "), let octets = Data(base64Encoded: String(reply.dropFirst(4)))
    else { return reply }
    return String(decoding: octets, as: UTF8.self)
  }
}
