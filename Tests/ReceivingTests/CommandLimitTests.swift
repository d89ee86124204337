import EventLoop
import Network
import Platform
import TestSupport
import Testing

@testable import Receiving

@Suite struct CommandLimitTests {
  /// What a trusted client hears that sends these lines in one go, the last of which is QUIT.
  @Loop
  private static func replies(to lines: [String]) async throws -> [Substring] {
    let bed = try Bed()
    let sockets = try SocketPair()
    try sockets.right.writeAll(Array(lines.map { $0 + "\r\n" }.joined().utf8))
    let connection = try Connection(
      sockets.left.duplicate(), peer: SocketAddress(Bed.trusted, port: 1))
    await bed.receiver.serve(connection, as: .smtp)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
    defer { buffer.deallocate() }
    var text: [UInt8] = []
    while let count = try? sockets.right.receive(into: buffer), count > 0 {
      text += buffer[..<count]
    }
    return String(decoding: text, as: UTF8.self).split(separator: "\r\n")
  }

  @Test("A client that names more recipients than a message may have can still send to the first")
  func manyRecipients() async throws {
    let replies = try await onLoop {
      try await Self.replies(
        to: ["EHLO x", "MAIL FROM:<a@home.example>"]
          + (0..<1500).map { "RCPT TO:<u\($0)@far.example>" }
          + ["DATA", "Subject: x", "", ".", "QUIT"])
    }
    #expect(replies.count { $0.hasPrefix("250 2.1.5") } == 100)
    #expect(replies.count { $0.hasPrefix("452 4.5.3") } == 1400)
    #expect(replies.contains { $0.hasPrefix("250 2.0.0 Queued") })
    #expect(replies.last?.hasPrefix("221") == true)
  }

  @Test("A client that sends commands and no message is sent away")
  func noMessage() async throws {
    let replies = try await onLoop {
      try await Self.replies(to: Array(repeating: "NOOP", count: 1500) + ["QUIT"])
    }
    #expect(replies.count { $0.hasPrefix("250") } == 1000)
    #expect(replies.last?.hasPrefix("421") == true)
  }
}
