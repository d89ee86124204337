import EventLoop
import Platform
import TestSupport
import Testing

@testable import Relaying

@Suite("The content on the wire") struct ContentTests {
  @Test(
    "What is stored arrives exactly",
    arguments: [
      ("a\nb\n", "a\r\nb\r\n.\r\n"), ("\n", "\r\n.\r\n"),
      ("no line end", "no line end\r\n.\r\n"), (".\n", "..\r\n.\r\n"),
      ("..\n.x\nx.\n", "...\r\n..x\r\nx.\r\n.\r\n"), (".", "..\r\n.\r\n"),
      ("\u{E9}\u{20AC}\n", "\u{E9}\u{20AC}\r\n.\r\n"),
    ])
  func exact(stored: String, wire: String) async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example", content: stored)
      try await bed.run(server)
      #expect(server.messages.first?.text == wire)
    }
  }

  @Test(
    "In a chunk what is stored arrives exactly, with nothing added but CR",
    arguments: [
      ("a\nb\n", "a\r\nb\r\n"), ("\n", "\r\n"), ("no line end", "no line end"), (".\n", ".\r\n"),
      ("..\n.x\nx.\n", "..\r\n.x\r\nx.\r\n"), (".", "."), ("\u{E9}\n", "\u{E9}\r\n"),
    ])
  func exactChunk(stored: String, wire: String) async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities.append("CHUNKING")
      let bed = try Bed(smarthost: server)
      bed.trust(server)
      try await bed.put(to: "ann@far.example", content: stored)
      try await bed.run(server)
      #expect(server.messages.first?.text == wire)
      #expect(server.commands.contains("BDAT \(wire.utf8.count) LAST"))
      #expect(bed.names(in: "queue/cur") == [])
    }
  }

  @Test("Dots and line ends count wherever the pieces are cut", arguments: -3...3)
  func pieces(offset: Int) async throws {
    let line = String(repeating: "x", count: Limits.pieceBytes + offset)
    let stored = line + "\n.\n..\n" + line + "\n.end\n"
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example", content: stored)
      try await bed.run(server)
      let text = try #require(server.messages.first?.text)
      #expect(text == line + "\r\n..\r\n...\r\n" + line + "\r\n..end\r\n.\r\n")
    }
  }

  @Test(
    "Five megabytes arrive whole, in clear and by TLS, with a dot and in a chunk",
    arguments: [false, true], [false, true])
  func large(isEncrypted: Bool, isChunk: Bool) async throws {
    let line = Array(".0123456789abcdefghijklmnopqrstuvwxyz".utf8)
    var stored: [UInt8] = []
    var wire: [UInt8] = []
    var length = 0
    while stored.count < 5_000_000 {
      length = (length + 7) % line.count
      stored += line[..<length]
      stored.append(0x0A)
      if length > 0, !isChunk { wire.append(0x2E) }
      wire += line[..<length]
      wire += [0x0D, 0x0A]
    }
    if !isChunk { wire += Array(".\r\n".utf8) }
    try await onLoop { [stored, wire] in
      let server = try NextServer()
      if isEncrypted { server.context = try Identity("mx.far.example").server }
      if isChunk { server.capabilities.append("CHUNKING") }
      let bed = try Bed(smarthost: server, encryption: .opportunistic)
      if isChunk { bed.trust(server) }
      try await bed.put(from: "me@home.example", to: ["ann@far.example"], content: stored)
      try await bed.run(server)
      let message = try #require(server.messages.first)
      #expect(message.isEncrypted == isEncrypted)
      // Not as arguments of the expectation, which would print them.
      let isSame = message.wire == wire
      #expect(isSame)
    }
  }

  @Test(
    "The size that is declared is the one on the wire, and a server that takes less is not asked")
  func size() async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities = ["SIZE 12"]
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example", content: "1234\n.678\n")
      try await bed.put(to: "bob@far.example", content: "1234\n.6789\n")
      try await bed.run(server)
      #expect(server.messages.map(\.recipients) == [["<ann@far.example>"]])
      #expect(
        server.commands.filter { $0.hasPrefix("MAIL") } == ["MAIL FROM:<me@home.example> SIZE=12"])
      #expect(try bed.file(in: "mail/me/new").contains("\nStatus: 5.3.4\n"))
    }
  }
}
