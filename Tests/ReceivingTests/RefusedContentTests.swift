import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Receiving
@testable import Spool

@Suite("Content that is refused, and disks that fail") struct RefusedContentTests {
  @Test(
    "Content that breaks the rules is read to its true end and refused there",
    arguments: [
      ("Subject: x\r\n\r\na\nb\r\n", "550 5.6.0"), ("a\rb\r\n", "550 5.6.0"),
      ("a\0b\r\n", "550 5.6.0"), ("x\n.\nMAIL FROM:<evil@x.example>\r\n", "550 5.6.0"),
      ("x\r\n.\nRCPT TO:<evil@x.example>\r\n", "550 5.6.0"),
      ("x\n.\r\nQUIT\r\n", "550 5.6.0"), ("x\r.\r\nQUIT\r\n", "550 5.6.0"),
      (String(repeating: "Received: x\r\n", count: 100) + "\r\n", "554 5.4.6"),
    ])
  func content(content: String, reply: String) async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        try await client.deliver(
          to: "bob@home.example", "ann@far.example", content: content, reply)
        // The session is where it was: what stood in the content was no command.
        try await client.ask("RSET")
        try await client.deliver(to: "ann@far.example")
      }
      #expect(bed.names(in: "queue/new").count == 1)
      #expect(bed.names(in: "mail") == [])
      #expect(bed.names(in: "queue/tmp") == [])
    }
  }

  @Test("Bare line feeds are mended for the networks that are listed, and end nothing even there")
  func repair() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.useProfile { $0.repairsBareLF = true }
      try await bed.session { client in
        try await client.greet()
        try await client.deliver(to: "bob@home.example", content: "a\nb\r\n.\nc\n.\nd\r\n")
      }
      let file = try #require(bed.files(in: "mail/bob/new").first)
      #expect(file.hasSuffix("\na\nb\n.\nc\n.\nd\n"))
    }
  }

  @Test("A client that goes away in the middle of its message leaves nothing")
  func lost() async throws {
    try await onLoop {
      let bed = try Bed()
      for tail in ["", "\r\n.", "\r\n.\r"] {
        try await bed.session { client in
          try await client.greet()
          try await client.ask("MAIL FROM:<me@home.example>")
          try await client.ask("RCPT TO:<ann@far.example>")
          try await client.ask("RCPT TO:<bob@home.example>")
          try await client.ask("DATA", "354")
          try await client.send(octets: Array((String(repeating: "x", count: 90_000) + tail).utf8))
        }
      }
      #expect(bed.names(in: "queue/tmp") + bed.names(in: "queue/new") == [])
      #expect(bed.names(in: "mail") == [])
    }
  }

  @Test("A disk without the room that is to stay free takes no message, and says that it may later")
  func reserve() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.receiver.settings.freeSpaceBytes = .max / 2
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example>", "452 4.3.1")
        try await client.ask("RCPT TO:<ann@far.example>", "503")
        try await client.ask("NOOP")
      }
      let free = try bed.spool.space.freeBytes
      bed.receiver.settings.limits.messageBytes = .max / 4
      bed.receiver.settings.freeSpaceBytes = free / 2
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example> SIZE=\(free)", "452 4.3.1")
        try await client.ask("MAIL FROM:<me@home.example> SIZE=1000")
      }
    }
  }

  #if FAULT_INJECTION
    @Test(
      "Whatever call of the disk fails, 250 means that the message is there, and else nothing is",
      arguments: [(ENOSPC, "452 4.3.1"), (EIO, "451 4.3.0")])
    func disk(code: Int32, reply: String) async throws {
      try await onLoop {
        let bed = try Bed()
        var accepted = 0
        for call in 1... {
          await bed.disk.run { FaultInjection.begin(call: call, with: code) }
          try await bed.session { client in
            try await client.greet()
            try await client.ask("MAIL FROM:<me@home.example>")
            try await client.ask("RCPT TO:<ann@far.example>")
            try await client.ask("RCPT TO:<bob@home.example>")
            try await client.ask("DATA", "354")
            let line = String(repeating: "x", count: 98) + "\r\n"
            try await client.send(
              octets: Array((String(repeating: line, count: 700) + ".\r\n").utf8))
            let answer = try await client.reply()
            if answer.hasPrefix("250") {
              accepted += 1
            } else {
              #expect(answer.hasPrefix(reply), "call \(call)")
            }
            // A failing disk ends no session.
            try await client.ask("NOOP")
          }
          let isReached = await bed.disk.run { FaultInjection.end() }
          #expect(bed.names(in: "queue/new").count == accepted, "call \(call)")
          #expect(bed.names(in: "mail/bob/new").count == accepted, "call \(call)")
          #expect(bed.spool.count == accepted, "call \(call)")
          if !isReached {
            #expect(call > 10)
            break
          }
        }
        #expect(accepted >= 1)
      }
    }
  #endif
}
