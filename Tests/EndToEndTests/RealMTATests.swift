import EndToEndSupport
import Foundation
import Testing

/// Servers that others have written, as next hop and as client.
@Suite(.enabled(if: geteuid() == 0, "only root can run Postfix and OpenSMTPD"))
struct RealMTATests {
  /// A Gatepost that sends everything to a port of this machine.
  private func gatepost(to port: UInt16, tls: String = "may") throws -> Gatepost {
    try Gatepost(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtp://127.0.0.1:\(port)
      tls = \(tls)
      """)
  }

  private let body = ".\n..\n.leading dot\nJ\u{FC}rgen\n" + String(repeating: "x", count: 900)

  @Test(
    "Postfix takes all messages after the first in chunks, by TLS and in clear",
    arguments: ["encrypt", "none"])
  func postfix(tls: String) throws {
    let postfix = try Postfix()
    let gatepost = try gatepost(to: postfix.port, tls: tls)
    for count in 1...3 {
      #expect(try gatepost.swaks(to: "ann@far.example", body: body).status == 0)
      try gatepost.eventually("it is there") { postfix.maildrop("ann").count == count }
    }
    for message in postfix.maildrop("ann") {
      #expect(message.contains("\n\n\(body)\n"))
      #expect(message.contains("TLSv1.3") == (tls == "encrypt"))
    }
    // What Postfix counts of the commands it has had.
    try gatepost.eventually("the sessions have ended") {
      let sessions = postfix.log.split(separator: "\n").filter { $0.contains(" quit=1 ") }
      let (data, chunks) = (" data=1 ", " bdat=1 ")
      return sessions.count { $0.contains(data) } == 1
        && sessions.count { $0.contains(chunks) } == 2
    }
    #expect(gatepost.queue.isEmpty)
  }

  @Test("Postfix refuses one recipient and takes the other")
  func postfixRefuses() throws {
    let postfix = try Postfix()
    let gatepost = try gatepost(to: postfix.port)
    #expect(
      try gatepost.swaks(to: "bob@far.example,nobody@far.example", body: "hello").status == 0)
    try gatepost.eventually("bob has it") { postfix.maildrop("bob").count == 1 }
    try gatepost.eventually("alice is told") { gatepost.maildrop("alice").count == 1 }
    let report = try #require(gatepost.maildrop("alice").first)
    #expect(report.contains("Final-Recipient: rfc822; nobody@far.example\n"))
    #expect(report.contains("\nStatus: 5.1.1\n"))
  }

  @Test(
    "Postfix gets twelve recipients in three messages, as it takes five of each, over one connection"
  )
  func recipientLimit() throws {
    let postfix = try Postfix(settings: ["smtpd_recipient_limit = 5", "recipient_delimiter = +"])
    let gatepost = try gatepost(to: postfix.port)
    let recipients = (1...12).map { "ann+\($0)@far.example" }
    #expect(
      try gatepost.swaks(to: recipients.joined(separator: ","), body: "hello").status == 0)
    try gatepost.eventually("all have it") { postfix.maildrop("ann").count == 12 }
    try gatepost.eventually("the session has ended") { postfix.log.contains(" quit=1 ") }
    #expect(gatepost.log.count(of: "delivered id=") == 12)
    #expect(gatepost.log.count(of: "deferred id=") == 0)
    let sessions = postfix.log.split(separator: "\n").filter { $0.contains(" quit=1 ") }
      .filter { $0.contains(" mail=3 rcpt=19 ") }
    #expect(sessions.count == 1, "\(postfix.log)")
  }

  @Test("A message of 20 MB goes to Postfix")
  func large() throws {
    let postfix = try Postfix()
    let gatepost = try gatepost(to: postfix.port)
    let line = String(repeating: "0123456789", count: 7) + "\n"
    let body = String(repeating: line, count: 20 << 20 / 71)
    let file = "\(gatepost.path)/body"
    try "Subject: large\n\n\(body)".write(toFile: file, atomically: true, encoding: .utf8)
    let run = try gatepost.upload(file, to: "ann@far.example")
    #expect(run.status == 0, "\(run.output)")
    try gatepost.eventually("it is there") { postfix.maildrop("ann").count == 1 }
    let isWhole = postfix.maildrop("ann").first?.hasSuffix(body) == true
    #expect(isWhole)
  }

  @Test("Postfix sends to a Gatepost")
  func postfixSends() throws {
    let gatepost = try Gatepost()
    let postfix = try Postfix(relay: gatepost.ports.smtp)
    for user in ["alice", "bob"] {
      #expect(
        try gatepost.swaks(
          from: "ann@far.example", to: "\(user)@home.example", body: body, "--port",
          "\(postfix.port)"
        ).status == 0)
    }
    try eventually("both have theirs", context: { postfix.log + gatepost.log }) {
      gatepost.maildrop("alice").count == 1 && gatepost.maildrop("bob").count == 1
    }
    let message = try #require(gatepost.maildrop("alice").first)
    #expect(message.contains("\n\n\(body)\n"))
    #expect(message.contains(" with ESMTPS id "))
  }

  @Test("OpenSMTPD, which has neither PIPELINING nor CHUNKING, takes messages and refuses some")
  func openSMTPD() throws {
    let server = try OpenSMTPD()
    let gatepost = try gatepost(to: server.port)
    for _ in 0..<3 {
      #expect(try gatepost.swaks(to: "ann@far.example", body: body).status == 0)
    }
    #expect(try gatepost.swaks(to: "nobody@far.example").status == 0)
    try eventually("all are there", context: { server.log + gatepost.log }) {
      server.maildrop("ann").count == 3
    }
    for message in server.maildrop("ann") { #expect(message.contains("\n\n\(body)\n")) }
    try gatepost.eventually("alice is told") { gatepost.maildrop("alice").count == 1 }
  }

  @Test("OpenSMTPD sends to a Gatepost")
  func openSMTPDSends() throws {
    let gatepost = try Gatepost()
    let server = try OpenSMTPD(relay: gatepost.ports.smtp)
    for user in ["alice", "bob", "nobody"] {
      #expect(
        try gatepost.swaks(
          from: "ann@far.example", to: "\(user)@home.example", body: body, "--port",
          "\(server.port)"
        ).status == 0)
    }
    try eventually("all have theirs", context: { server.log + gatepost.log }) {
      gatepost.maildrop("alice").count == 1 && gatepost.maildrop("bob").count == 1
        && server.maildrop("ann").count == 1
    }
    #expect(try #require(gatepost.maildrop("alice").first).contains("\n\n\(body)\n"))
    #expect(try #require(server.maildrop("ann").first).contains("5.1.1"))
  }
}
