import EventLoop
import Platform
import TestSupport
import Testing

@testable import Receiving
@testable import Spool

/// What stays free of the disk, however many messages come at once.
@Suite struct RoomTests {
  /// A disk of which a test says how much is free.
  @Loop
  private final class Disk {
    var freeBytes: Int

    init(_ bed: Bed, freeBytes: Int) {
      self.freeBytes = freeBytes
      bed.receiver.settings.freeSpaceBytes = 1_000_000
      bed.spool.measureSpace = { [unowned self] _ in
        FileSystemSpace(bytes: 1 << 30, freeBytes: self.freeBytes, freeFiles: .max)
      }
    }
  }

  private static let piece = Array((String(repeating: "x", count: 998) + "\r\n").utf8)

  /// Sends so many thousand octets of content, and returns when the server has read them.
  @Loop
  private static func send(_ count: Int, to client: Client) async throws {
    for _ in 0..<count { try await client.send(piece: piece[...]) }
  }

  @Loop
  private static func beginData(_ client: Client, size: Int?) async throws {
    let parameter = size.map { " SIZE=\($0)" } ?? ""
    try await client.ask("MAIL FROM:<me@home.example>\(parameter)")
    try await client.ask("RCPT TO:<bob@home.example>")
    try await client.ask("DATA", "354")
    try await client.send("Subject: x", "")
  }

  @Test("A message whose client does not say its size is taken for one of the size that is assumed")
  func assumedSize() async throws {
    try await onLoop {
      let bed = try Bed()
      let disk = Disk(bed, freeBytes: 999_999 + Receiving.Limits.assumedBytes)
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example>", "452 4.3.1 Not enough disk space")
        try await client.ask("MAIL FROM:<me@home.example> SIZE=50000")
        try await client.ask("RSET")
        disk.freeBytes += 1
        try await client.ask("MAIL FROM:<me@home.example>")
      }
    }
  }

  @Test("What other messages still need is not given to a new one")
  func reserved() async throws {
    try await onLoop {
      let bed = try Bed()
      let disk = Disk(bed, freeBytes: 1_150_000)
      try await bed.session { first in
        try await first.greet()
        try await Self.beginData(first, size: 90_000)
        try await bed.session { second in
          try await second.greet()
          try await second.ask("MAIL FROM:<me@home.example> SIZE=90000", "452 4.3.1")
          try await second.ask("MAIL FROM:<me@home.example> SIZE=50000")
          try await second.ask("RSET")
          try await Self.send(80, to: first)
          disk.freeBytes -= 80_000
          try await second.ask("MAIL FROM:<me@home.example> SIZE=40000")
          try await second.ask("RSET")
          try await first.ask(".")
          // Nothing is kept for it any more.
          try await second.ask("MAIL FROM:<me@home.example> SIZE=70000")
        }
        try await first.ask("QUIT", "221")
      }
    }
  }

  @Test("Of two messages that were let in for the same room the second is refused at its end")
  func sameRoom() async throws {
    try await onLoop {
      let bed = try Bed()
      let disk = Disk(bed, freeBytes: 1_150_000)
      try await bed.session { first in
        try await first.greet()
        try await first.ask("MAIL FROM:<me@home.example> SIZE=90000")
        try await bed.session { second in
          try await second.greet()
          try await Self.beginData(second, size: 90_000)
          try await first.ask("RCPT TO:<bob@home.example>")
          try await first.ask("DATA", "354")
          try await first.send("Subject: x", "", "text", ".")
          try await first.expect("452 4.3.1")
          try await Self.send(60, to: second)
          try await second.ask(".")
        }
        try await first.ask("NOOP")
        #expect(disk.freeBytes > 0)
      }
      #expect(bed.names(in: "mail/bob/new").count == 1)
    }
  }

  @Test(
    "A message that comes while the disk fills is read to its end and refused, and nothing of it is kept",
    arguments: [nil, 90_000])
  func filling(size: Int?) async throws {
    try await onLoop {
      let bed = try Bed()
      let disk = Disk(bed, freeBytes: 2_000_000)
      try await bed.session { client in
        try await client.greet()
        try await Self.beginData(client, size: size)
        try await Self.send(40, to: client)
        #expect(bed.names(in: "queue/tmp").count == 1)
        disk.freeBytes = 999_999
        try await Self.send(40, to: client)
        try await client.ask(".", "452 4.3.1")
        #expect(bed.names(in: "queue/tmp").isEmpty)
        try await client.ask("NOOP")
      }
      #expect(bed.names(in: "mail/bob/new").isEmpty)
    }
  }

  @Test("A message that is longer than was said needs room of its own")
  func outgrown() async throws {
    try await onLoop {
      let bed = try Bed()
      let disk = Disk(bed, freeBytes: 1_000_000 + Spool.growthBytes)
      try await bed.session { client in
        try await client.greet()
        try await Self.beginData(client, size: 1000)
        try await Self.send(80, to: client)
        try await client.ask(".")
        disk.freeBytes -= 1
        try await Self.beginData(client, size: 1000)
        try await Self.send(80, to: client)
        try await client.ask(".", "452 4.3.1")
      }
      #expect(bed.names(in: "mail/bob/new").count == 1)
    }
  }
}
