import EndToEndSupport
import Foundation
import Testing

/// More of everything than any mail program sends.
@Suite struct ExcessTests {
  /// A line of ten megabytes, in writes of a megabyte.
  private static let megabyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)

  private func greeted(_ gatepost: Gatepost, from source: String = "127.0.0.1") throws -> Client {
    let client = try gatepost.smtp(from: source)
    try client.expect("220")
    try client.ask("EHLO client.example", "250")
    return client
  }

  /// Says `command` until it is answered by 421; returns how often it was answered otherwise.
  private func flood(
    _ client: Client, _ command: String, _ reply: String, upTo most: Int
  ) throws -> Int {
    var count = 0
    while count < most {
      // In groups that fit the buffers of both sides.
      client.send(String(repeating: "\(command)\r\n", count: 200))
      for _ in 0..<200 {
        let answer = try client.reply()
        if answer.hasPrefix("421") || answer == "<closed>" { return count }
        #expect(answer.hasPrefix(reply))
        count += 1
      }
    }
    return count
  }

  @Test("A command without end is broken off, and costs no memory", arguments: ["", "AUTH PLAIN "])
  func endlessCommand(beginning: String) throws {
    let gatepost = try Gatepost("[profile old]\nnetworks = 127.0.0.1\nlogin-without-tls = yes")
    let client = try greeted(gatepost)
    let before = try gatepost.anonymousBytes()
    client.send(beginning)
    for _ in 0..<10 where client.send(bytes: Self.megabyte) {}
    #expect(try gatepost.anonymousBytes() - before < 1 << 20)
    try gatepost.waitForLog("reason=\"endless line\"")
    try greeted(gatepost).ask("NOOP", "250")
  }

  @Test("A line of AUTH is bounded like any other, with the mechanism and behind a challenge")
  func longLogin() throws {
    let gatepost = try Gatepost("[profile old]\nnetworks = 127.0.0.1\nlogin-without-tls = yes")
    let client = try greeted(gatepost)
    let line = String(repeating: "QUJD", count: 15_000)
    try client.ask("AUTH PLAIN \(line)", "500 5.5.2")
    try client.ask("AUTH PLAIN", "334")
    try client.ask(line, "500 5.5.6")
    // What the line allows and the mechanism does not.
    try client.ask("AUTH PLAIN \(String(repeating: "QUJD", count: 500))", "501 5.5.2")
    try client.ask("AUTH PLAIN AGFsaWNlAHNlY3JldA==", "235")
  }

  @Test(
    "Ten megabytes in one line of the header or the body are read to their end and refused",
    arguments: [
      ("Subject: ", "550 5.6.0"), ("Subject: x\r\n\r\n", "550 5.6.0 The message breaks the rules"),
      ("", "550 5.6.0"),
    ])
  func endlessContent(beginning: String, reply: String) throws {
    let gatepost = try Gatepost()
    let client = try greeted(gatepost)
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<alice@home.example>", "250")
    try client.ask("DATA", "354")
    let before = try gatepost.anonymousBytes()
    client.send(beginning)
    for _ in 0..<10 { client.send(bytes: Self.megabyte) }
    #expect(try gatepost.anonymousBytes() - before < 2 << 20)
    client.send("\r\n.\r\n")
    try client.expect(reply)
    try client.ask("NOOP", "250")
    #expect(gatepost.maildrop("alice").isEmpty && gatepost.unfinished.isEmpty)
  }

  @Test("A header of ten megabytes is refused, and so is the hundredth Received field")
  func header() throws {
    let gatepost = try Gatepost()
    let before = try gatepost.anonymousBytes()
    let field = "X-Filler: \(String(repeating: "x", count: 900))\r\n"
    #expect(
      try gatepost.send(
        String(repeating: field, count: 11_000) + "\r\nx\r\n", to: "alice@home.example"
      ).hasPrefix("550 5.6.0 The header is larger than"))
    #expect(try gatepost.anonymousBytes() - before < 2 << 20)
    for (count, reply) in [(99, "250"), (100, "554 5.4.6"), (10_000, "55")] {
      let trace = String(repeating: "Received: from a by b; x\r\n", count: count)
      #expect(
        try gatepost.send("\(trace)Subject: x\r\n\r\nx\r\n", to: "alice@home.example")
          .hasPrefix(reply), "\(count)")
    }
    #expect(gatepost.maildrop("alice").count == 1)
  }

  @Test("Commands have an end, for a stranger by the minute and for a device without a message")
  func floods() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.1/32")
    for (command, reply) in [
      ("NOOP", "250"), ("EHLO client.example", "250"), ("RSET", "250"), ("HELP", "214"),
    ] {
      // EHLO, and what was said before.
      #expect(try flood(greeted(gatepost), command, reply, upTo: 10_000) == 999, "\(command)")
    }
    #expect(try flood(greeted(gatepost, from: "127.0.0.2"), "NOOP", "250", upTo: 10_000) == 999)
    // The same address once more, within the minute.
    #expect(try flood(greeted(gatepost, from: "127.0.0.2"), "NOOP", "250", upTo: 10_000) < 200)
  }

  @Test("A hundred thousand recipients, or chunks of nothing, end at the limit of a transaction")
  func transactions() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.1/32")
    let before = try gatepost.anonymousBytes()
    let client = try greeted(gatepost)
    try client.ask("MAIL FROM:<x@far.example>", "250")
    for number in 1...100 { try client.ask("RCPT TO:<ann\(number)@far.example>", "250") }
    let refused = try flood(client, "RCPT TO:<joe@far.example>", "452 4.5.3", upTo: 100_000)
    #expect(refused == 20_000 - 102)
    let other = try greeted(gatepost)
    try other.ask("MAIL FROM:<x@far.example>", "250")
    try other.ask("RCPT TO:<ann@far.example>", "250")
    #expect(try flood(other, "BDAT 0", "250 2.0.0 0 octets", upTo: 100_000) == 20_000 - 3)
    #expect(try gatepost.anonymousBytes() - before < 2 << 20)
    #expect(gatepost.queue.isEmpty && gatepost.unfinished.isEmpty)
    // A stranger that names nobody who is here is sent away much sooner.
    let stranger = try greeted(gatepost, from: "127.0.0.2")
    try stranger.ask("MAIL FROM:<x@far.example>", "250")
    #expect(try flood(stranger, "RCPT TO:<joe@far.example>", "550 5.7.1", upTo: 1000) == 99)
  }

  @Test("A chunk of any size is streamed, and one that has no size ends the session")
  func chunks() throws {
    let gatepost = try Gatepost()
    let client = try greeted(gatepost)
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<alice@home.example>", "250")
    let before = try gatepost.anonymousBytes()
    client.send("BDAT 100000000000000000\r\nSubject: x\r\n\r\n")
    for _ in 0..<80 { client.send(bytes: Self.megabyte) }
    #expect(try gatepost.anonymousBytes() - before < 2 << 20)
    client.hangUp()
    try gatepost.waitForLog("reason=\"closed by the peer\"")
    #expect(gatepost.unfinished.isEmpty && gatepost.maildrop("alice").isEmpty)
    for size in ["1000000000000000000", "99999999999999999999", "-1", "0x10", "1e3", "4 LAST LAST"]
    {
      let client = try greeted(gatepost)
      try client.ask("MAIL FROM:<x@far.example>", "250")
      try client.ask("RCPT TO:<alice@home.example>", "250")
      try client.ask("BDAT \(size)\r\nQUIT", "501 5.5.4")
      #expect(try client.line() == "<closed>")
    }
  }

  @Test("A message may be as large as the limit and no octet larger, whatever SIZE has said")
  func sizes() throws {
    let limit = 64 << 10
    let gatepost = try Gatepost("[limits]\nmessage-size = 64K")
    let client = try greeted(gatepost)
    let head = "Subject: x\r\n\r\n"
    for (bytes, reply) in [(limit - 1, "250"), (limit, "250"), (limit + 1, "552 5.3.4")] {
      // Stuffed dots and the end of the content do not count.
      let body = String(repeating: ".\r\n", count: 100)
      let filler = String(repeating: "x", count: bytes - head.utf8.count - body.utf8.count - 2)
      for isChunked in [false, true] {
        for parameter in ["", " SIZE=10", " SIZE=0", " SIZE=\(limit)"] {
          try client.ask("MAIL FROM:<x@far.example>\(parameter)", "250")
          try client.ask("RCPT TO:<alice@home.example>", "250")
          if isChunked {
            client.send("BDAT \(bytes) LAST\r\n\(head)\(body)\(filler)\r\n")
          } else {
            try client.ask("DATA", "354")
            let stuffed = body.replacingOccurrences(of: ".\r\n", with: "..\r\n")
            client.send("\(head)\(stuffed)\(filler)\r\n.\r\n")
          }
          try client.expect(reply)
        }
      }
    }
    #expect(gatepost.maildrop("alice").count == 16)
    for (size, reply) in [
      ("\(limit + 1)", "552 5.3.4"), ("99999999999999999999", "552 5.3.4"),
      ("100000000000000000000", "501 5.5.4"), ("-1", "501 5.5.4"), ("", "501 5.5.4"),
      ("1 SIZE=2", "501 5.5.4"), ("0x10", "501 5.5.4"), ("1K", "501 5.5.4"),
    ] {
      try client.ask("MAIL FROM:<x@far.example> SIZE=\(size)", reply)
    }
  }

  @Test("TLS is begun once")
  func startTLS() throws {
    let gatepost = try Gatepost()
    let client = try greeted(gatepost)
    try client.ask("STARTTLS", "220")
    try client.startTLS()
    try client.ask("EHLO client.example", "250")
    try client.ask("STARTTLS", "502")
    let other = try greeted(gatepost)
    other.send("STARTTLS\r\nSTARTTLS\r\n")
    try other.expect("554 5.5.0")
    #expect(try other.line() == "<closed>")
  }
}
