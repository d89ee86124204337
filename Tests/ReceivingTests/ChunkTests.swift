import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Receiving
@testable import Spool

@Suite("Content in chunks (RFC 3030)") struct ChunkTests {
  /// Sends `content` as chunks that end at `cuts`, and returns the last reply.
  @Loop
  private static func send(
    _ content: [UInt8], cutAt cuts: [Int], to client: Client
  ) async throws -> String {
    try await client.ask("MAIL FROM:<me@home.example>")
    try await client.ask("RCPT TO:<bob@home.example>")
    var start = 0
    for cut in cuts + [content.count] {
      let isLast = cut == content.count
      let head = "BDAT \(cut - start)\(isLast ? " LAST" : "")\r\n"
      try await client.send(octets: Array(head.utf8) + content[start..<cut])
      let reply = try await client.reply()
      if isLast || !reply.hasPrefix("250") { return reply }
      start = cut
    }
    return ""
  }

  @Test("The stored message does not depend on where the chunks are cut, and no dot ends it")
  func cuts() async throws {
    let content = Array("a: b\r\n\r\n.\r\n..x\r\nQUIT\r\n.\r\n\r\nlast".utf8)
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        for first in 0..<content.count {
          let reply = try await Self.send(
            content, cutAt: [first, min(first + 1, content.count - 1)], to: client)
          #expect(reply.hasPrefix("250 2.0.0 Queued"), "cut at \(first)")
        }
      }
      let files = try bed.files(in: "mail/bob/new")
      #expect(files.count == content.count)
      for file in files {
        #expect(file.hasSuffix("\na: b\n\n.\n..x\nQUIT\n.\n\nlast\n"))
      }
    }
  }

  @Test(
    "A bare CR, a bare LF and a NUL refuse the message wherever the chunks are cut",
    arguments: [
      "a\nb", "a\rb", "a\0b", "a\r\n.\nb", "a\n.\r\nb", "a\r.\rb", "a\n.\nb", "a\r", "a\r\r\nb",
      "\n",
      "a\r\n.\r\r\nb", "a\0\r\n",
    ])
  func violations(content: String) async throws {
    let content = Array(content.utf8)
    try await onLoop {
      let bed = try Bed()
      for cut in 0..<content.count {
        try await bed.session { client in
          try await client.greet()
          let reply = try await Self.send(content, cutAt: [cut], to: client)
          #expect(reply.hasPrefix("550 5.6.0"), "cut at \(cut)")
          // The transaction is over, and what stood in the content was no command.
          try await client.ask("RCPT TO:<bob@home.example>", "503")
          try await client.ask("NOOP")
        }
      }
      #expect(bed.names(in: "mail") == [])
      #expect(bed.names(in: "queue/tmp") == [])
    }
  }

  @Test("Where bare LF is mended, it is in chunks too")
  func repaired() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.useProfile { $0.repairsBareLF = true }
      try await bed.session { client in
        try await client.greet()
        let reply = try await Self.send(Array("a\n.\nb\r\n".utf8), cutAt: [2], to: client)
        #expect(reply.hasPrefix("250"))
      }
      #expect(try bed.files(in: "mail/bob/new")[0].hasSuffix("\na\n.\nb\n"))
    }
  }

  @Test("A message that has become too large is refused once, and its other chunks are skipped")
  func tooLarge() async throws {
    try await onLoop {
      let bed = try Bed()
      let line = String(repeating: "x", count: 998) + "\r\n"
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example>")
        try await client.ask("RCPT TO:<bob@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>")
        try await client.send(
          octets: Array("BDAT 90000\r\n\(String(repeating: line, count: 90))".utf8))
        try await client.expect("250")
        for reply in ["552 5.3.4", "503 5.5.1", "503 5.5.1"] {
          try await client.send(
            octets: Array("BDAT 20000\r\n\(String(repeating: line, count: 20))".utf8))
          try await client.expect(reply)
        }
        try await client.deliver(to: "bob@home.example")
      }
      #expect(bed.names(in: "mail/bob/new").count == 1)
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/tmp") == [])
    }
  }

  @Test(
    "What ends the transaction, and the end of the connection, leave nothing of the chunks",
    arguments: ["RSET", "EHLO again.example", "HELO again.example", "QUIT", ""])
  func givenUp(command: String) async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>")
        let content = String(repeating: String(repeating: "x", count: 98) + "\r\n", count: 700)
        try await client.send(octets: Array("BDAT \(content.utf8.count)\r\n\(content)".utf8))
        try await client.expect("250")
        if command.isEmpty {
          try await client.send(octets: Array("BDAT 100\r\nhalf".utf8))
        } else {
          try await client.ask(command, command == "QUIT" ? "221" : "250")
        }
      }
      #expect(bed.names(in: "queue/tmp") + bed.names(in: "queue/new") == [])
    }
  }

  @Test("A group of messages in one write is answered in order, each stored once")
  func pipelined() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        let message =
          "MAIL FROM:<me@home.example>\r\nRCPT TO:<bob@home.example>\r\nBDAT 3\r\na\r\n"
          + "BDAT 3 LAST\r\nb\r\n"
        try await client.send(octets: Array(String(repeating: message, count: 20).utf8))
        for _ in 0..<20 {
          for reply in ["250 2.1.0", "250 2.1.5", "250 2.0.0 3 octets", "250 2.0.0 Queued"] {
            try await client.expect(reply)
          }
        }
      }
      let files = try bed.files(in: "mail/bob/new")
      #expect(files.count == 20)
      #expect(files.allSatisfy { $0.hasSuffix("\na\nb\n") })
    }
  }
}
