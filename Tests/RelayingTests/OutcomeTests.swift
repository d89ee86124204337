import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Relaying

@Suite("What becomes of a message") struct OutcomeTests {
  @Test("A message that the next server takes leaves the queue")
  func delivered() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example", "bob@far.example")
      try await bed.run(server)
      let message = try #require(server.messages.first)
      #expect(server.messages.count == 1)
      #expect(message.sender == "<me@home.example>")
      #expect(message.recipients == ["<ann@far.example>", "<bob@far.example>"])
      #expect(message.text == "Subject: hello\r\n\r\nhello\r\n.\r\n")
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/cur") == [])
      #expect(server.commands.last == "QUIT")
    }
  }

  @Test(
    "What may pass keeps the message, with the reason in its file and its time as the file's",
    arguments: [
      ("MAIL", "451 4.3.0 busy"), ("RCPT", "450 4.2.0 greylisted"), ("DATA", "452 4.3.1 full"),
      (".", "451 4.7.1 later"), ("RCPT", "421 4.3.2 closing"), (".", NextServer.hangUp),
      ("MAIL", NextServer.hangUp), ("DATA", NextServer.hangUp), ("MAIL", "gibberish"),
      ("EHLO", "421 4.3.2 closing"), ("220", "554 5.7.1 go away"), ("220", "421 4.3.2 busy"),
      ("220", NextServer.hangUp), ("RCPT", "535 5.7.8 who are you"),
    ])
  func deferred(at stage: String, reply: String) async throws {
    try await onLoop {
      let server = try NextServer()
      if stage == "220" { server.greeting = reply }
      server.answer = { $0.hasPrefix(stage) ? reply : nil }
      if stage == "." { server.verdict = { _ in reply } }
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example")
      let before = Date.now
      try await bed.run(server)
      #expect(server.messages.isEmpty)
      #expect(bed.names(in: "queue/new") == [])
      let lines = try bed.envelope()
      #expect(lines.dropLast() == ["From: <me@home.example>", "To: - <ann@far.example>"])
      let status = try #require(lines.last)
      #expect(status.hasPrefix("Status: ann@far.example: "))
      let isReply = !reply.hasPrefix("<") && reply != "gibberish"
      #expect(!isReply || status.contains(reply.dropFirst(4)))
      let name = try #require(bed.names(in: "queue/cur").first)
      let attributes = try FileManager.default.attributesOfItem(
        atPath: "\(bed.scratch.path)/queue/cur/\(name)")
      let due = try #require(attributes[.modificationDate] as? Date)
      #expect((3598...4200).contains(due.timeIntervalSince(before)))
      #expect(bed.names(in: "mail") == [])
    }
  }

  @Test("A reply that comes before the content is not taken for its verdict")
  func earlyReply() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0 == "DATA" ? "354 go ahead|250 2.0.0 taken" : nil }
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(bed.names(in: "queue/cur").count == 1)
      #expect(try bed.envelope().contains("To: - <ann@far.example>"))
    }
  }

  @Test("A message is tried again when its time has come")
  func retried() async throws {
    try await onLoop {
      let server = try NextServer()
      var count = 0
      server.verdict = { _ in
        count += 1
        return count < 4 ? "451 4.3.0 later" : "250 2.0.0 taken"
      }
      let bed = try Bed(smarthost: server, retry: [.milliseconds(1)])
      try await bed.put(to: "ann@far.example")
      try await bed.run(server, until: { !server.messages.isEmpty && bed.isSettled })
      #expect(count == 4)
      #expect(bed.names(in: "queue/cur") == [])
    }
  }

  @Test(
    "What will not pass is reported to the sender, and the message goes",
    arguments: [
      ("MAIL", "550 5.7.1 no"), ("RCPT", "550 5.1.1 no such user"), ("DATA", "554 5.7.1 no"),
      (".", "554 5.6.0 no"),
    ])
  func failed(at stage: String, reply: String) async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix(stage) ? reply : nil }
      if stage == "." { server.verdict = { _ in reply } }
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/cur") == [])
      let report = try bed.file(in: "mail/me/new")
      #expect(report.hasPrefix("Return-Path: <>\n"))
      for part in [
        "\nTo: <me@home.example>\n", "report-type=delivery-status",
        "\nFinal-Recipient: rfc822; ann@far.example\n", "\nAction: failed\n",
        "\nStatus: \(reply.split(separator: " ")[1])\n", "\nDiagnostic-Code: smtp; \(reply)\n",
        "\nSubject: hello\n",
      ] {
        #expect(report.contains(part), "\(part)")
      }
    }
  }

  @Test("The report to a sender elsewhere is a message of the queue, without a sender")
  func remoteSender() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("RCPT TO:<ann@") ? "550 5.1.1 no such user" : nil }
      let bed = try Bed(smarthost: server)
      try await bed.put(from: "eve@else.example", to: "ann@far.example")
      try await bed.run(server)
      let report = try #require(server.messages.first)
      #expect(report.sender == "<>")
      #expect(report.recipients == ["<eve@else.example>"])
      #expect(bed.names(in: "mail") == [])
    }
  }

  @Test("What cannot be told to a sender is told to the postmaster, and to nobody else")
  func nullSender() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("RCPT") ? "550 5.1.1 no such user" : nil }
      let bed = try Bed(smarthost: server)
      try await bed.put(from: "", to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.isEmpty)
      #expect(bed.names(in: "mail") == ["postmaster"])
      #expect(try bed.file(in: "mail/postmaster/new").contains("rfc822; ann@far.example"))
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/cur") == [])
    }
  }

  @Test("Each recipient has its own outcome, and only the one that waits is tried again")
  func mixed() async throws {
    try await onLoop {
      let server = try NextServer()
      var isLater = false
      server.answer = { command in
        if command.hasPrefix("RCPT TO:<bob@") && !isLater { return "450 4.2.0 later" }
        return command.hasPrefix("RCPT TO:<cat@") ? "550 5.1.1 no such user" : nil
      }
      let bed = try Bed(smarthost: server, retry: [.milliseconds(200)])
      try await bed.put(to: "ann@far.example", "bob@far.example", "cat@far.example")
      try await bed.run(server, until: { bed.isSettled })
      #expect(
        try bed.envelope().filter { $0.hasPrefix("To:") } == [
          "To: + <ann@far.example>", "To: - <bob@far.example>", "To: ! <cat@far.example>",
        ])
      #expect(bed.names(in: "mail/me/new").count == 1)
      isLater = true
      try await bed.run(server, until: { server.messages.count == 2 && bed.isSettled })
      #expect(
        server.messages.map(\.recipients) == [["<ann@far.example>"], ["<bob@far.example>"]])
      #expect(bed.names(in: "mail/me/new").count == 1)
      #expect(bed.names(in: "queue/cur") == [])
    }
  }

  @Test("A server that falls silent is waited for no longer than its time")
  func silence() async throws {
    try await onLoop {
      for stage in ["220", "EHLO", "MAIL", "."] {
        let server = try NextServer()
        if stage == "220" { server.greeting = NextServer.silence }
        server.answer = { $0.hasPrefix(stage) ? NextServer.silence : nil }
        if stage == "." { server.verdict = { _ in NextServer.silence } }
        let bed = try Bed(smarthost: server)
        bed.relayer.patience.reply = .milliseconds(50)
        try await bed.put(to: "ann@far.example")
        try await bed.run(server)
        let status = try #require(bed.envelope().last)
        #expect(status.contains("time-out while waiting for"), "\(stage)")
      }
    }
  }

  @Test("An attempt ends in its time, however patient each of its waits is")
  func attemptEnd() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.patience.attempt = .zero
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.isEmpty)
      let status = try #require(bed.envelope().last)
      // What is there already is read before a wait can time out.
      #expect(status.contains("time-out while waiting for"))
    }
  }

  @Test("A message that is known for its lifetime is returned with the last reason")
  func expired() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("RCPT") ? "450 4.2.0 mailbox busy" : nil }
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.lifetime = .zero
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      let report = try bed.file(in: "mail/me/new")
      #expect(report.contains("\nStatus: 5.4.7\n"))
      #expect(report.contains("450 4.2.0 mailbox busy"))
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/cur") == [])
    }
  }

  @Test("A report that cannot be stored keeps the message")
  func reportNotStored() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("RCPT") ? "550 5.1.1 no such user" : nil }
      let bed = try Bed(smarthost: server)
      // A file where the maildrop of the sender would be.
      try Data().write(to: URL(filePath: "\(bed.scratch.path)/mail/me"))
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(try bed.envelope().contains("To: - <ann@far.example>"))
    }
  }

  @Test(
    "A message that became shorter while it was sent is not sent as a whole one",
    arguments: [false, true])
  func truncated(isChunk: Bool) async throws {
    try await onLoop {
      let server = try NextServer()
      if isChunk { server.capabilities.append("CHUNKING") }
      let bed = try Bed(smarthost: server)
      if isChunk { bed.trust(server) }
      try await bed.put(
        to: "ann@far.example", content: String(repeating: "line\n", count: 40_000))
      let path = "\(bed.scratch.path)/queue/new/\(try #require(bed.names(in: "queue/new").first))"
      server.answer = { command in
        if command == "DATA" || command.hasPrefix("BDAT") {
          try? FileHandle(forUpdating: URL(filePath: path)).truncate(atOffset: 100_000)
        }
        return nil
      }
      try await bed.run(server)
      #expect(server.messages.isEmpty)
    }
  }
}
