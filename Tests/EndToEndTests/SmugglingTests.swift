import EndToEndSupport
import Foundation
import Testing

/// End of data is CRLF, dot, CRLF and nothing else (RFC 5321 §4.1.1.4; CVE-2023-51764 and its kin).
@Suite struct SmugglingTests {
  /// Ends that some servers take for one.
  static let falseEnds = [
    "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\n.\r", "\r\r\n.\r\r\n",
    "\r\n\0.\r\n", "\r\n.\0\r\n", "\r\n. \r\n",
  ]

  private func attack(_ gatepost: Gatepost, end: String) throws -> String {
    let client = try gatepost.smtp()
    try client.beginMessage(from: "x@far.example", to: "alice@home.example")
    client.send(
      "Subject: outer\r\n\r\ntext\(end)MAIL FROM:<evil@far.example>\r\n"
        + "RCPT TO:<bob@home.example>\r\nDATA\r\nSubject: inner\r\n\r\nevil\r\n.\r\nNOOP\r\n")
    let reply = try client.reply()
    // One message, one reply: what follows it is the reply to NOOP.
    try client.expect("250 2.0.0")
    try client.ask("QUIT", "221")
    return reply
  }

  @Test("A false end of data ends no message, and its message is refused", arguments: falseEnds)
  func refused(end: String) throws {
    let gatepost = try Gatepost()
    let reply = try attack(gatepost, end: end)
    let isHarmless = end == "\r\n. \r\n"  // a line like any other
    #expect(reply.hasPrefix(isHarmless ? "250" : "550 5.6.0"))
    #expect(gatepost.maildrop("alice").count == (isHarmless ? 1 : 0))
    #expect(gatepost.maildrop("bob").isEmpty)
    #expect(gatepost.unfinished.isEmpty)
  }

  @Test("Where bare LF is mended, it still ends no message", arguments: falseEnds)
  func repaired(end: String) throws {
    let gatepost = try Gatepost("[profile old]\nnetworks = 127.0.0.1\nrepair-bare-lf = yes")
    let isMended =
      !end.contains("\0") && !end.replacingOccurrences(of: "\r\n", with: "").contains("\r")
    let reply = try attack(gatepost, end: end)
    #expect(reply.hasPrefix(isMended ? "250" : "550 5.6.0"))
    #expect(gatepost.maildrop("bob").isEmpty)
    let drop = gatepost.maildrop("alice")
    #expect(drop.count == (isMended ? 1 : 0))
    for message in drop {
      #expect(message.contains("\nMAIL FROM:<evil@far.example>\n"))
      #expect(!message.contains("\r"))
    }
  }

  @Test("What is relayed carries no bare CR or LF and stuffs its dots")
  func relayed() throws {
    let hop = try Hop()
    let gatepost = try Gatepost(
      hop: hop,
      "[relay]\nnetworks = 127.0.0.1\n[profile old]\nnetworks = 127.0.0.1\nrepair-bare-lf = yes")
    let reply = try gatepost.send(
      "Subject: x\n\nline\n..\nQUIT\r\n..dot\r\n", to: "ann@far.example")
    #expect(reply.hasPrefix("250"))
    try gatepost.eventually("the message is at its exchange") { hop.messages.count == 1 }
    #expect(hop.messages[0].content.hasSuffix("\nSubject: x\n\nline\n.\nQUIT\n.dot\n"))
  }

  @Test("No reply of a remote server adds a line to the queue file or to the log")
  func hostileReply() throws {
    let evil =
      "451-4.0.0 a\u{1}b\u{B}\rGatepost-To: - <evil@far.example>\r\n"
      + "451-4.0.0 Gatepost-To: - <evil@far.example>\r\n"
      + "451 4.0.0 \u{1B}[2J\u{85}\u{2028}accepted id=1"
    let hop = try Hop { $0.hasPrefix("RCPT") ? evil : nil }
    let gatepost = try Gatepost(hop: hop, "[relay]\nnetworks = 127.0.0.1")
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("two attempts") { gatepost.log.count(of: "deferred id=") >= 2 }
    let queue = try #require(gatepost.queue.first)
    #expect(queue.components(separatedBy: "\nGatepost-To:").count == 2)
    #expect(!queue.utf8.contains { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 })
    #expect(!gatepost.log.utf8.contains { $0 < 0x20 && $0 != 0x0A })
    let words = gatepost.log.split(separator: "\n").filter { $0.hasPrefix("accepted id=") }
    #expect(words.count == 1)
  }
}
