import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// End of data is CRLF, dot, CRLF and nothing else (RFC 5321 §4.1.1.4; CVE-2023-51764 and its kin).
@Suite struct SmugglingTests {
  /// How a client sends content.
  enum Way: CaseIterable, Sendable {
    /// After DATA, in one write.
    case data
    /// After DATA, each octet in a segment of its own.
    case dribbledData
    /// In one chunk, with a command in the same write.
    case chunk
    /// In chunks that end before the false end, within it, and behind it.
    case chunks

    var isChunked: Bool { self == .chunk || self == .chunks }
  }

  private static let evil =
    "MAIL FROM:<evil@far.example>\r\nRCPT TO:<bob@home.example>\r\nDATA\r\n"
    + "Subject: inner\r\n\r\nevil\r\n"

  /// Sends a message of that number with a false end in it; returns the reply.
  private func attack(
    _ client: Client, _ way: Way, _ number: Int, _ end: FalseEnd
  ) throws -> String {
    let head = "Subject: outer \(number)\r\n\r\ntext"
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<alice@home.example>", "250")
    if !way.isChunked { try client.ask("DATA", "354") }
    let content = head + end.octets + Self.evil
    switch way {
    case .data: client.send("\(content).\r\nNOOP\r\n")
    case .dribbledData: client.dribble("\(content).\r\nNOOP\r\n")
    case .chunk: client.send("BDAT \(content.utf8.count) LAST\r\n\(content)NOOP\r\n")
    case .chunks:
      let half = end.octets.unicodeScalars.count / 2
      let octets = end.octets.unicodeScalars
      let chunks = [head, String(octets.prefix(half)), String(octets.dropFirst(half)), Self.evil]
      client.send(
        chunks.map { "BDAT \($0.utf8.count)\r\n\($0)" }.joined() + "BDAT 0 LAST\r\nNOOP\r\n")
    }
    var reply = try client.reply()
    if way == .chunks {
      var others: [String] = []
      for _ in 1...4 {
        others.append(reply)
        reply = try client.reply()
      }
      // Once a message is refused its chunks are passed over.
      if let first = others.firstIndex(where: { $0.hasPrefix("550") }) {
        #expect((others + [reply]).dropFirst(first + 1).allSatisfy { $0.hasPrefix("503 5.5.1") })
        reply = others[first]
      }
    }
    // One message, one reply: what follows it is the reply to NOOP.
    try client.expect("250 2.0.0 Ok")
    return reply
  }

  @Test(
    "A false end ends no message, mended or not, and the mailbox holds what was sent or nothing",
    arguments: Way.allCases, [false, true])
  func falseEnds(way: Way, isMended: Bool) throws {
    let gatepost = try Gatepost("[profile old]\nnetworks = 127.0.0.2\nrepair-bare-lf = yes")
    var expected: [String] = []
    for (number, end) in FalseEnd.all.enumerated() {
      let client = try gatepost.smtp(from: isMended ? "127.0.0.2" : "127.0.0.1")
      try client.expect("220")
      try client.ask("EHLO client.example", "250")
      let place = Comment(rawValue: end.description)
      let reply = try attack(client, way, number, end)
      switch end.outcome(isChunked: way.isChunked, isMended: isMended) {
      case .refused(let reason):
        #expect(reply == "550 5.6.0 The message breaks the rules: \(reason)", place)
      case .stored(let text):
        #expect(reply.hasPrefix("250 2.0.0 Queued"), place)
        let tail = Self.evil.replacingOccurrences(of: "\r\n", with: "\n")
        expected.append("Subject: outer \(number)\n\ntext\(text)\(tail)")
      }
    }
    // Behind the trace fields, which have no such line, stands what was sent and nothing else.
    let stored = gatepost.maildrop("alice").map { message in
      String(message[(message.range(of: "Subject: outer")?.lowerBound ?? message.startIndex)...])
    }
    #expect(stored.sorted() == expected.sorted())
    #expect(gatepost.maildrop("bob").isEmpty)
    #expect(gatepost.queue.isEmpty && gatepost.unfinished.isEmpty)
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
