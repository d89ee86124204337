import EventLoop
import Foundation
import Network
import Platform
import TestSupport
import Testing

@testable import Relaying

/// Servers that are broken, or mean harm: what becomes of the message, what is said about it, and how
/// often they are called.
@Suite("Hostile and broken servers") struct HostileServerTests {
  /// What becomes of the message.
  enum Fate: Sendable { case delivered, waits, returned }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    /// What is sent instead of a reply, byte for byte but with `|` for CRLF, at the first command that
    /// begins with this; `220` is the greeting and `.` the end of the content.
    var stage: String
    var answer: String
    var capabilities = ["PIPELINING"]
    /// What is done for one command is undone by the next connection.
    var isOnce = false
    var fate: Fate
    /// What the queue file and the log say then.
    var reason = ""
    var connections = 1
    /// How many messages the server believes to have.
    var messages = 0

    var testDescription: String { name }
  }

  static let endless = String(repeating: "250-more|", count: 2000)

  static let cases: [Case] = [
    // Replies without an end.
    Case(
      name: "a reply of endless lines", stage: "EHLO", answer: endless, fate: .waits,
      reason: "the peer breaks the protocol while waiting for the reply to EHLO"),
    Case(
      name: "a line of 8 MB", stage: "MAIL", answer: String(repeating: "2", count: 8 << 20),
      fate: .waits, reason: "endless line while waiting for the reply to MAIL"),
    Case(
      name: "a line that is a little too long", stage: "MAIL",
      answer: "250 " + String(repeating: "x", count: 5000) + "|", fate: .waits,
      reason: "endless line"),
    // Replies that are none.
    Case(
      name: "another code in the next line", stage: "EHLO", answer: "250-a|550 b|", fate: .waits,
      reason: "the peer breaks the protocol"),
    Case(
      name: "no code", stage: "MAIL", answer: "OK|", fate: .waits,
      reason: "the peer breaks the protocol"),
    Case(
      name: "a code of no class", stage: "MAIL", answer: "999 x|", fate: .waits,
      reason: "the peer breaks the protocol"),
    Case(
      name: "two digits", stage: "MAIL", answer: "25 x|", fate: .waits,
      reason: "the peer breaks the protocol"),
    Case(
      name: "an empty line", stage: "MAIL", answer: "|", fate: .waits,
      reason: "the peer breaks the protocol"),
    Case(
      name: "a web server", stage: "220", answer: "HTTP/1.1 400 Bad Request||", fate: .waits,
      reason: "the peer breaks the protocol while waiting for the greeting"),
    Case(
      name: "a TLS server on a plain port", stage: "220", answer: "\u{16}\u{3}\u{1}\u{2}|",
      fate: .waits, reason: "TLS on a plain port"),
    // Texts that want to be something else.
    Case(
      name: "bare CR and control characters", stage: "RCPT",
      answer: "450 a\rGatepost-To: + <x@y>\u{0}\u{1B}[2J|", fate: .waits,
      reason: "450 a\\x0dGatepost-To: + <x@y>\\x00\\x1b[2J"),
    Case(
      name: "NUL before the code", stage: "RCPT", answer: "\u{0}250 x|", fate: .waits,
      reason: "the peer breaks the protocol"),
    // Replies at the wrong time.
    Case(
      name: "354 to everything", stage: "MAIL", answer: "354 go|354 go|354 go|", fate: .waits,
      reason: "354 go"),
    Case(
      name: "354 to EHLO", stage: "EHLO", answer: "354 go|", fate: .waits, reason: "354 go"),
    Case(
      name: "250 to DATA", stage: "DATA", answer: "250 taken|", fate: .waits,
      reason: "No reply to DATA: 250 taken"),
    Case(
      name: "the verdict before the content", stage: "DATA", answer: "354 go|250 taken|",
      fate: .waits, reason: "the peer breaks the protocol"),
    Case(
      name: "the verdict of a chunk before it", stage: "RCPT", answer: "250 ok|250 taken|",
      capabilities: ["PIPELINING", "CHUNKING"], fate: .waits,
      reason: "the peer breaks the protocol"),
    Case(
      name: "a greeting with replies to what was not yet said", stage: "220",
      answer: "220 a|250 a|250 ok|250 ok|354 go|250 taken|", capabilities: [], fate: .waits,
      reason: "the peer breaks the protocol"),
    Case(
      name: "250 twice after the content", stage: ".", answer: "250 taken|250 taken|",
      fate: .delivered),
    Case(
      name: "221 in the middle", stage: "RCPT", answer: "221 bye|", fate: .waits,
      reason: "The host ends the session: 221 bye"),
    Case(
      name: "221 after the content", stage: ".", answer: "221 bye|", fate: .waits,
      reason: "The host ends the session: 221 bye"),
    Case(
      name: "354 after the content", stage: ".", answer: "354 go on|", fate: .waits,
      reason: "354 go on"),
    // 421 and silence, wherever they come.
    Case(name: "421 at once", stage: "220", answer: "421 busy|", fate: .waits, reason: "421 busy"),
    Case(
      name: "421 to EHLO", stage: "EHLO", answer: "421 4.3.2 busy|", fate: .waits,
      reason: "421 4.3.2 busy"),
    Case(
      name: "421 to the second reply", stage: "RCPT", answer: "421 4.3.2 busy|", fate: .waits,
      reason: "421 4.3.2 busy"),
    Case(
      name: "421 after the content", stage: ".", answer: "421 4.3.2 busy|", fate: .waits,
      reason: "421 4.3.2 busy"),
    Case(
      name: "half a reply, and then nothing", stage: "MAIL", answer: "250 o" + NextServer.silence,
      fate: .waits,
      reason: "time-out while waiting for the reply to MAIL"),
    Case(
      name: "half a reply of many lines", stage: "EHLO", answer: "250-a|250-PIPELINING|",
      fate: .waits, reason: "time-out while waiting for the reply to EHLO"),
    Case(
      name: "silence after the content", stage: ".", answer: NextServer.silence, fate: .waits,
      reason: "time-out while waiting for the reply to the content; all of the message was sent, so"
        + " the next attempt may deliver it twice"),
    Case(
      name: "the end after the content", stage: ".", answer: NextServer.hangUp, fate: .waits,
      reason:
        "closed by the peer while waiting for the reply to the content; all of the message was"
        + " sent, so the next attempt may deliver it twice"),
    Case(
      name: "the end after a chunk", stage: ".", answer: NextServer.hangUp,
      capabilities: ["CHUNKING"], fate: .waits, reason: "may deliver it twice"),
    Case(
      name: "the end within a reply", stage: "RCPT", answer: "250 o" + NextServer.hangUp,
      fate: .waits, reason: "closed by the peer"),
    // Odd ways to say what can be done.
    Case(
      name: "no EHLO", stage: "EHLO", answer: "502 what|", fate: .delivered, messages: 1),
    Case(
      name: "neither EHLO nor HELO", stage: "E", answer: "500 what|500 what|", fate: .waits,
      reason: "500 what"),
    Case(
      name: "keywords of garbage", stage: "EHLO",
      answer: "250-a|250-|250- |250-=|250-\u{7F}\u{1}|250-SIZE|250-SIZE=x|250-AUTH=|250 X-"
        + String(
          repeating: "y", count: 3000) + "|", fate: .delivered, messages: 1),
    Case(
      name: "SIZE without a limit", stage: "EHLO", answer: "250-a|250 SIZE 0|", fate: .delivered,
      messages: 1),
    Case(
      name: "SIZE beyond numbers", stage: "EHLO",
      answer: "250-a|250 SIZE 99999999999999999999999999|", fate: .delivered, messages: 1),
    Case(
      name: "SIZE below nothing", stage: "EHLO", answer: "250-a|250 SIZE -1|", fate: .delivered,
      messages: 1),
    Case(
      name: "SIZE that is too small", stage: "EHLO", answer: "250-a|250 SIZE 10|", fate: .returned),
    Case(
      name: "CHUNKING that is not known", stage: "BDAT", answer: "502 5.5.1 what|",
      capabilities: ["PIPELINING", "CHUNKING"], fate: .delivered, connections: 2, messages: 1),
    Case(
      name: "CHUNKING that is refused in the middle", stage: ".", answer: "503 5.5.1 sequence|",
      capabilities: ["CHUNKING"], isOnce: true, fate: .delivered, connections: 2, messages: 1),
    Case(
      name: "too many recipients", stage: "RCPT", answer: "552 too many recipients|", fate: .waits,
      reason: "552 too many recipients"),
  ]

  @Test("Each of them is survived, and its message is where it belongs", arguments: cases)
  func survives(_ example: Case) async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities = example.capabilities
      var hasAnswered = false
      let answer: @Loop () -> String? = {
        if example.isOnce && hasAnswered { return nil }
        hasAnswered = true
        return NextServer.raw + example.answer
      }
      switch example.stage {
      case "220": server.greeting = NextServer.raw + example.answer
      case ".": server.verdict = { _ in answer() ?? "250 2.0.0 taken" }
      default: server.answer = { $0.hasPrefix(example.stage) ? answer() : nil }
      }
      let bed = try Bed(smarthost: server)
      if example.capabilities.contains("CHUNKING") { bed.trust(server) }
      if example.reason.hasPrefix("time-out") { bed.relayer.patience.reply = .seconds(2) }
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.connections == example.connections)
      #expect(server.messages.count == example.messages)
      #expect(bed.names(in: "queue/new") == [])
      #expect(bed.names(in: "queue/cur").count == (example.fate == .waits ? 1 : 0))
      #expect(bed.names(in: "mail") == (example.fate == .returned ? ["me"] : []))
      guard example.fate == .waits else { return }
      // The status is what the log says too. Nothing of it can be a line of the envelope.
      let lines = try bed.envelope()
      #expect(lines.filter { $0.hasPrefix("To:") } == ["To: - <ann@far.example>"])
      let status = try #require(lines.last)
      #expect(status.hasPrefix("Status: ann@far.example: "))
      #expect(status.contains(example.reason), "\(status)")
      #expect(status.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
    }
  }

  @Test("A reply that comes octet by octet has the time of one reply, and no more")
  func dribbles() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("MAIL") ? NextServer.dribble : nil }
      let bed = try Bed(smarthost: server)
      bed.relayer.patience.reply = .seconds(2)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      let status = try #require(bed.envelope().last)
      #expect(status.contains("time-out while waiting for the reply to MAIL"))
    }
  }

  @Test("A server that answers once too often gets each message over a session of its own")
  func answersTwice() async throws {
    for capabilities in [["PIPELINING"], ["PIPELINING", "CHUNKING"]] {
      try await onLoop {
        let server = try NextServer()
        server.capabilities = capabilities
        server.verdict = { _ in NextServer.raw + "250 2.0.0 taken|250 2.0.0 taken|" }
        let bed = try Bed(smarthost: server)
        for number in 0..<4 { try await bed.put(to: "u\(number)@far.example") }
        try await bed.run(server)
        #expect(server.commands.count { $0.hasPrefix("MAIL") } == 4)
        #expect(server.connections == 4)
        #expect(bed.names(in: "queue/cur") == [])
      }
    }
  }

  @Test("4yz for some recipients, 5yz and 250 for others: each has its own")
  func someRecipients() async throws {
    for capabilities in [["PIPELINING"], ["CHUNKING"]] {
      try await onLoop {
        let server = try NextServer()
        server.capabilities = capabilities
        server.answer = { command in
          command.hasPrefix("RCPT TO:<b") ? "452 4.5.3 too many" : nil
        }
        let bed = try Bed(smarthost: server)
        try await bed.put(to: "a@far.example", "b@far.example", "c@far.example")
        try await bed.run(server)
        #expect(server.messages.flatMap(\.recipients) == ["<a@far.example>", "<c@far.example>"])
        #expect(server.connections == 1)
        #expect(
          try bed.envelope().filter { $0.hasPrefix("To:") } == [
            "To: + <a@far.example>", "To: - <b@far.example>", "To: + <c@far.example>",
          ])
      }
    }
  }

  @Test(
    "STARTTLS that is offered and not known is no end where TLS is a bonus; any other refusal may pass",
    arguments: [
      ("454 4.7.0 not now|", 0), ("500 what|", 1), ("502 5.5.1 no|", 1), ("250 ok|", 0),
      ("354 go|", 0),
    ])
  func refusedStartTLS(answer: String, messages: Int) async throws {
    for encryption in [RelayingSettings.Encryption.opportunistic, .required] {
      try await onLoop {
        let server = try NextServer()
        server.context = try Identity("mx.far.example").server
        server.answer = { $0 == "STARTTLS" ? NextServer.raw + answer : nil }
        let bed = try Bed(smarthost: server, encryption: encryption)
        try await bed.put(to: "ann@far.example")
        try await bed.run(server)
        #expect(server.messages.count == (encryption == .required ? 0 : messages))
        #expect(server.connections == 1)
        #expect(server.commands.last == "QUIT")
      }
    }
  }

  @Test(
    "A TLS connection that ends without a farewell after the content leaves the message in doubt")
  func truncatedTLS() async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("mx.far.example").server
      server.verdict = { _ in NextServer.cut }
      let bed = try Bed(smarthost: server, encryption: .required)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      let status = try #require(bed.envelope().last)
      #expect(status.contains("may deliver it twice"), "\(status)")
    }
  }

  @Test("A server whose chunks have failed gets no more of them, and is the only one")
  func remembersChunks() async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities = ["PIPELINING", "CHUNKING"]
      var isFirst = true
      server.verdict = { _ in
        defer { isFirst = false }
        return isFirst ? NextServer.hangUp : "250 2.0.0 taken"
      }
      let bed = try Bed(smarthost: server, retry: [.milliseconds(200)])
      bed.trust(server)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server, until: { !server.messages.isEmpty && bed.isSettled })
      let words = server.commands.map { $0.prefix(4) }.filter { ["BDAT", "DATA"].contains($0) }
      #expect(words == ["BDAT", "DATA"])
    }
  }

  @Test("A server gets chunks once it has answered DATA, and not while it answers out of step")
  func provesItself() async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities = ["CHUNKING"]
      let bed = try Bed(smarthost: server)
      for number in 1...3 {
        try await bed.put(to: "ann\(number)@far.example")
        try await bed.run(server)
      }
      let words = server.commands.map { $0.prefix(4) }.filter { ["BDAT", "DATA"].contains($0) }
      #expect(words == ["DATA", "BDAT", "BDAT"])
    }
    try await onLoop {
      let server = try NextServer()
      server.capabilities = ["CHUNKING"]
      // Its second reply to MAIL is taken for the one to RCPT, which then comes late.
      server.answer = { command in
        switch command.prefix(4) {
        case "MAIL": NextServer.raw + "250 2.1.0 ok|250 2.1.0 ok|"
        case "RCPT": NextServer.raw
        case "DATA": NextServer.raw + "250 2.1.5 ok|354 go ahead|"
        default: nil
        }
      }
      server.verdict = { _ in "550 5.7.1 spam" }
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.commands.allSatisfy { !$0.hasPrefix("BDAT") })
      #expect(try bed.envelope().contains("To: - <ann@far.example>"))
    }
  }
}
