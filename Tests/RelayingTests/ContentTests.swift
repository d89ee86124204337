import EventLoop
import Mail
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
    let line = String(repeating: "x", count: Relaying.Limits.pieceBytes + offset)
    let stored = line + "\n.\n..\n" + line + "\n.end\n"
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.foldsLongLines = false
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
    "Long lines are folded, and the size that is declared is that of the folded ones",
    arguments: [(false, 3000), (true, 3000), (false, 200_000), (true, 200_000)])
  func folds(isChunk: Bool, length: Int) async throws {
    let line = String(repeating: ".x", count: length / 2)
    let field = "Subject: \(String(repeating: "y ", count: 700))\n"
    let stored = field + "\nshort\n" + line + "\n" + line + "\nlast\n"
    var folded: [Substring] = []
    for line in stored.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      folded.append(line.prefix(998))
      var rest = line.dropFirst(998)
      while !rest.isEmpty {
        folded.append(" " + rest.prefix(997))
        rest = rest.dropFirst(997)
      }
    }
    let wire = folded.map { (isChunk || $0.first != "." ? "" : ".") + $0 + "\r\n" }.joined()
    let size = folded.reduce(0) { $0 + $1.utf8.count + 2 }
    try await onLoop {
      let server = try NextServer()
      server.capabilities.append("SIZE")
      if isChunk { server.capabilities.append("CHUNKING") }
      let bed = try Bed(smarthost: server)
      if isChunk { bed.trust(server) }
      try await bed.put(to: "ann@far.example", content: stored)
      try await bed.run(server)
      let isSame = server.messages.first?.text == wire + (isChunk ? "" : ".\r\n")
      #expect(isSame)
      #expect(server.commands.contains("MAIL FROM:<me@home.example> SIZE=\(size) BODY=8BITMIME"))
      #expect(server.commands.contains("BDAT \(size) LAST") == isChunk)
      #expect(bed.names(in: "queue/cur") == [])
    }
  }

  @Test(
    "Long lines pass as they are where a signature or the route wants it",
    arguments: [
      ("DKIM-Signature: v=1\n", true), ("", false),
      (String(repeating: "X-Filler: y\n", count: 3000) + "DKIM-Signature: v=1\n", true),
    ])
  func passes(header: String, folds: Bool) async throws {
    let long = String(repeating: "x", count: 5000)
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.foldsLongLines = folds
      try await bed.put(
        to: "ann@far.example", content: "X-Long: \(long)\n\(header)\n\(long)\n")
      try await bed.run(server)
      let text = try #require(server.messages.first?.text)
      let isWhole =
        text.hasPrefix("X-Long: \(long)\r\n") && text.hasSuffix("\r\n\r\n\(long)\r\n.\r\n")
      #expect(isWhole)
    }
  }

  @Test("Long lines of mail with another author are folded too")
  func foldsRewritten() async throws {
    let name = String(repeating: "n", count: 990)
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.rewriting = .init(
        mailbox: try #require(Mailbox("account@isp.example")), addsReplyTo: true)
      try await bed.put(
        to: "ann@far.example",
        content: "From: \(name)\n <a@b.example>\n\n\(String(repeating: "x", count: 2000))\n")
      try await bed.run(server)
      let text = try #require(server.messages.first?.text)
      let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
      #expect(lines.allSatisfy { $0.utf8.count <= 998 })
      #expect(lines.count { $0.hasPrefix("Author: ") } == 1)
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
