import EndToEndSupport
import Foundation
import Testing

/// What comes in, and where it lies then.
@Suite struct ReceivingTests {
  @Test("Mail from outside lies in the user's maildrop, and is read by POP3 as it was sent")
  func localDelivery() throws {
    let gatepost = try Gatepost()
    let content = "Subject: dots\r\n\r\n..one dot\r\n.. \r\n\r\nlast\r\n"
    #expect(try gatepost.send(content, to: "alice@home.example").hasPrefix("250"))
    let message = try #require(gatepost.maildrop("alice").first)
    #expect(message.hasPrefix("Return-Path: <x@far.example>\nReceived: from client.example "))
    #expect(message.hasSuffix("Subject: dots\n\n.one dot\n. \n\nlast\n"))

    #expect(try gatepost.curl("1").output == message.replacingOccurrences(of: "\n", with: "\r\n"))
    #expect(try gatepost.curl("1", "--request", "DELE", "--list-only").status == 0)
    #expect(gatepost.maildrop("alice").isEmpty)
  }

  @Test("An unknown user is refused at RCPT, and so is a foreign domain")
  func refused() throws {
    let gatepost = try Gatepost()
    let client = try gatepost.smtp()
    try client.expect("220 gw.home.example")
    try client.ask("EHLO client.example", "250")
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<nobody@home.example>", "550 5.1.1")
    try client.ask("RCPT TO:<ann@far.example>", "550 5.7.1")
    try client.ask("RCPT TO:<Alice@HOME.example>", "250")
    try client.ask("RCPT TO:<bob@home.example>", "250")
    try client.ask("DATA", "354")
    try client.ask("Subject: x\r\n\r\nx\r\n.", "250")
    try client.ask("QUIT", "221")
    #expect(gatepost.maildrop("alice") == gatepost.maildrop("bob"))
    #expect(gatepost.maildrop("bob").count == 1)
    #expect(gatepost.queue.isEmpty)
  }

  @Test("A message is in the queue when its client is told so, for here and for elsewhere at once")
  func accepted() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.0/8")
    let client = try gatepost.smtp()
    try client.beginMessage(from: "", to: "ann@far.example", "alice@home.example")
    client.send("Subject: x\r\n\r\nx\r\n.\r\n")
    let reply = try client.reply()
    let message = try #require(gatepost.queue.first)
    #expect(reply.hasPrefix("250 2.0.0 Queued as "))
    #expect(message.contains("Gatepost-From: <>\n"))
    #expect(message.contains(" id \(reply.split(separator: " ").last ?? "-")"))
    #expect(gatepost.maildrop("alice").count == 1)
    #expect(gatepost.unfinished.isEmpty)
  }

  @Test(
    "What a client says in its greeting adds no line to file or log",
    arguments: ["x\ty", "x\u{B}y", "é", "\u{1B}[2J", "x\u{85}y", "x\\ny"])
  func hostileGreeting(name: String) throws {
    let gatepost = try Gatepost()
    let client = try gatepost.smtp()
    try client.expect("220")
    client.send("HELO \(name)\r\n")
    _ = try client.reply()
    client.send("MAIL FROM:<x@far.example>\r\n")
    if try client.reply().hasPrefix("250") {
      try client.ask("RCPT TO:<alice@home.example>", "250")
      try client.ask("DATA", "354")
      try client.ask("Subject: x\r\n\r\nx\r\n.", "250")
      let message = try #require(gatepost.maildrop("alice").first)
      let header = message.prefix(upTo: try #require(message.range(of: "Subject:")).lowerBound)
      #expect(!header.utf8.contains { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 || $0 == 0x7F })
    }
    #expect(!gatepost.log.utf8.contains { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F })
  }

  @Test("A session that does nothing useful is ended with 421 and the reason")
  func errors() throws {
    let gatepost = try Gatepost()
    let client = try gatepost.smtp()
    try client.expect("220")
    var last = ""
    for _ in 0..<30 where last != "<closed>" {
      client.send("WHATEVER\r\n")
      let reply = try client.reply()
      if reply == "<closed>" { break }
      last = reply
    }
    #expect(last.hasPrefix("421 "))
  }

  @Test(
    "Connections beyond a client's limit get 421, or -ERR; beyond that of all the longest idle one does"
  )
  func connections() throws {
    let gatepost = try Gatepost("[limits]\nconnections = 5\nconnections-per-client = 2")
    let clients = try (0..<2).map { _ in try gatepost.smtp() }
    for client in clients { try client.expect("220") }
    try gatepost.smtp().expect("421")
    try Client(port: gatepost.ports.pop3).expect("-ERR")
    #expect(gatepost.log.contains("too many connections from this client"))
    let pop = try Client(port: gatepost.ports.pop3, from: "127.0.0.2")
    try pop.expect("+OK")
    let other = try gatepost.smtp(from: "127.0.0.2")
    try other.expect("220")
    // Strangers have four places.
    try clients[0].ask("NOOP", "250")
    let next = try gatepost.smtp(from: "127.0.0.3")
    try next.expect("220")
    try clients[1].expect("421")
    #expect(try clients[1].line() == "<closed>")
    try gatepost.smtp(from: "127.0.0.4").expect("220")
    try pop.expect("-ERR [SYS/TEMP] Too many sessions")
    #expect(try pop.line() == "<closed>")
    try clients[0].ask("QUIT", "221")
    try other.ask("QUIT", "221")
    try next.ask("QUIT", "221")
    #expect(gatepost.log.contains("idle, and its place was needed for another client"))
  }

  @Test("A message over the size limit is refused, as soon as it is known")
  func size() throws {
    let gatepost = try Gatepost("[limits]\nmessage-size = 64K")
    let client = try gatepost.smtp()
    try client.expect("220")
    try client.ask("EHLO client.example", "250")
    try client.ask("MAIL FROM:<x@far.example> SIZE=65537", "552")
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<alice@home.example>", "250")
    try client.ask("DATA", "354")
    client.send("Subject: x\r\n\r\n\(String(repeating: "line\r\n", count: 11_000)).\r\n")
    try client.expect("552")
    try client.ask("NOOP", "250")
    #expect(gatepost.maildrop("alice").isEmpty)
    #expect(gatepost.unfinished.isEmpty)
  }
}
