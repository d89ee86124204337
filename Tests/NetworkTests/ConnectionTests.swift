import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Network

/// A connection, and the raw socket at its other end.
@Loop
private final class Ends {
  let connection: Connection
  private var peer: Descriptor?

  init() throws(SystemError) {
    let pair = try SocketPair()
    connection = try Connection(
      pair.left.duplicate(), peer: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 1))
    peer = try pair.right.duplicate()
  }

  func send(_ text: String) throws(SystemError) { try peer?.writeAll(Array(text.utf8)) }

  func closePeer() { peer = nil }

  func received() -> String {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
    defer { buffer.deallocate() }
    guard let count = try? peer?.receive(into: buffer) else { return "" }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  func line(limit: Int = 100, within time: Duration = .seconds(5)) async throws -> String? {
    let line = try await connection.readLine(limit: limit, until: .now + time)
    return line.map { String(decoding: $0, as: UTF8.self) }
  }

  func canReadLines(_ count: Int) async -> Bool {
    for _ in 0..<count where (try? await line()) == nil { return false }
    return true
  }

  /// Needs one turn on the loop.
  func endAtOnce() -> Bool { false }
}

@Suite struct ConnectionTests {
  @Test("The kernel is to give up a peer that confirms nothing, and to ask one that says nothing")
  func lostPeer() async throws {
    try await onLoop {
      let listener = try Listener(on: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0))
      let outgoing = try await Connection.connect(to: listener.address, until: .now + .seconds(5))
      let incoming = try await listener.accept()
      @Loop func options(_ connection: Connection) -> [Int32] {
        let names = [TCP_USER_TIMEOUT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT].map {
          (Int32(IPPROTO_TCP), $0)
        }
        return (names + [(SOL_SOCKET, SO_KEEPALIVE)]).map { level, name in
          var value: Int32 = -1
          var length = socklen_t(MemoryLayout<Int32>.size)
          getsockopt(connection.descriptor.number, level, name, &value, &length)
          return value
        }
      }
      #expect(options(outgoing) == [198_000, 99, 33, 3, 1])
      // A client that reads slowly has more time.
      #expect(options(incoming) == [0, 60, 20, 3, 1])
    }
  }

  @Test("Lines come out whole, however they arrive, ended by CRLF or LF")
  func lines() async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send("one\r\ntwo\nth")
      #expect(try await ends.line() == "one")
      #expect(ends.connection.hasBufferedInput)
      #expect(try await ends.line() == "two")
      try ends.send("ree\r")
      try ends.send("\n\r\n")
      #expect(try await ends.line() == "three")
      #expect(try await ends.line() == "")
      #expect(!ends.connection.hasBufferedInput)
    }
  }

  @Test("A line over the limit is skipped, and the next one is read")
  func tooLong() async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send(String(repeating: "x", count: 101) + "\r\nnext\r\n")
      #expect(try await ends.line() == nil)
      #expect(try await ends.line() == "next")
      try ends.send(String(repeating: "x", count: 30_000) + "\r\nlast\r\n")
      #expect(try await ends.line() == nil)
      #expect(try await ends.line() == "last")
      try ends.send(String(repeating: "y", count: 100) + "\r\n")
      #expect(try await ends.line() == String(repeating: "y", count: 100))
    }
  }

  @Test("A line without end is given up")
  func endless() async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send(String(repeating: "x", count: 100_000))
      do throws(ConnectionError) {
        _ = try await ends.connection.readLine(limit: 100, until: .now + .seconds(5))
        Issue.record("it was read")
      } catch {
        guard case .endlessLine = error else { throw error }
      }
    }
  }

  @Test("Output gathers until the reader waits, and leaves in one piece")
  func gathering() async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send("a\r\nb\r\n")
      for expected in ["a", "b"] {
        #expect(try await ends.line() == expected)
        try await ends.connection.write(Array("re:\(expected)\r\n".utf8), until: .now)
      }
      #expect(ends.received() == "")
      await #expect(throws: ConnectionError.self) { try await ends.line(within: .milliseconds(1)) }
      #expect(ends.received() == "re:a\r\nre:b\r\n")
    }
  }

  @Test("What a bulk reader leaves over is there for the next read")
  func leftover() async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send("12345QUIT\r\n")
      var got: [UInt8] = []
      while got.count < 5 {
        try await ends.connection.read(until: .now + .seconds(5)) { bytes in
          let count = min(2, bytes.count, 5 - got.count)
          for index in 0..<count { got.append(bytes[index]) }
          return count
        }
      }
      #expect(String(decoding: got, as: UTF8.self) == "12345")
      #expect(try await ends.line() == "QUIT")
    }
  }

  @Test("The end of the stream is seen, though it comes together with the last line")
  func endWithData() async throws {
    try await onLoop {
      let ends = try Ends()
      async let first = ends.line()
      await Task.yield()
      try ends.send("last\r\n")
      ends.closePeer()
      #expect(try await first == "last")
      do throws(ConnectionError) {
        _ = try await ends.connection.readLine(limit: 100, until: .now + .seconds(5))
        Issue.record("there was more")
      } catch {
        guard case .closed = error else { throw error }
      }
    }
  }

  @Test("A group of many commands does not keep the others from their turn")
  func fairness() async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send(String(repeating: "NOOP\r\n", count: 1000))
      await withTaskGroup(of: Bool.self) { group in
        group.addTask { await ends.canReadLines(1000) }
        group.addTask { await ends.endAtOnce() }
        #expect(await group.next() == false, "the reader of all lines ends last")
      }
    }
  }

  @Test("A peer that never lets the connection wait is cancelled all the same")
  func cancellation() async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send(String(repeating: "NOOP\r\n", count: 1000))
      await withTaskGroup(of: Bool.self) { group in
        group.addTask { await ends.canReadLines(1000) }
        group.cancelAll()
        #expect(await group.next() == false)
      }
    }
  }

  @Test("A peer that does not read stops the writer until the deadline")
  func backPressure() async throws {
    try await onLoop {
      let ends = try Ends()
      let piece = [UInt8](repeating: 65, count: 16 << 10)
      do throws(ConnectionError) {
        for _ in 0..<1000 {
          try await ends.connection.write(piece, until: .now + .milliseconds(20))
        }
        Issue.record("16 MB went into the kernel")
      } catch {
        #expect(error.reason == "time-out")
      }
    }
  }

  @Test(
    "A TLS handshake is noticed at its first two bytes, wherever a line could begin",
    arguments: ["", "NOOP\r\n"])
  func handshake(before: String) async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send(before)
      if !before.isEmpty { #expect(try await ends.line() == "NOOP") }
      try ends.send("\u{16}")
      await #expect(throws: ConnectionError.self) { try await ends.line(within: .milliseconds(1)) }
      try ends.send("\u{3}")
      do throws(ConnectionError) {
        _ = try await ends.connection.readLine(limit: 100, until: .now + .seconds(5))
        Issue.record("it was read")
      } catch {
        #expect(error.reason == "TLS on a plain port")
      }
    }
  }

  @Test(
    "Bytes of a handshake inside a line, or others at its beginning, are a line",
    arguments: ["x\u{16}\u{3}", "\u{16}\u{2}", "\u{16}", "\u{15}\u{3}", "\u{3}\u{16}"])
  func noHandshake(line: String) async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send("\(line)\r\n")
      #expect(try await ends.line() == line)
    }
  }

  @Test("Who speaks before the greeting is seen, and what was said is still there to be read")
  func earlyTalker() async throws {
    try await onLoop {
      let ends = try Ends()
      #expect(try await ends.connection.hasEarlyInput() == false)
      try ends.send("E")
      #expect(try await ends.connection.hasEarlyInput())
      try ends.send("HLO x\r\n")
      #expect(try await ends.connection.hasEarlyInput())
      #expect(try await ends.line() == "EHLO x")
      ends.closePeer()
      #expect(try await ends.connection.hasEarlyInput() == false, "the end is no input")
    }
  }

  @Test(
    "Who speaks while it is watched is seen too, and who is silent is not waited for any longer")
  func watched() async throws {
    try await onLoop {
      let ends = try Ends()
      #expect(try await ends.connection.hasEarlyInput(until: .now) == false)
      let isEarly = try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await ends.connection.hasEarlyInput(until: .now + .seconds(60))
        }
        try ends.send("EHLO x\r\n")
        return try await group.next()
      }
      #expect(isEarly == true)
    }
  }

  @Test("A TLS handshake before the greeting is one")
  func earlyHandshake() async throws {
    try await onLoop {
      let ends = try Ends()
      try ends.send("\u{16}\u{3}\u{1}")
      await #expect(throws: ConnectionError.self) { @Loop in
        try await ends.connection.hasEarlyInput()
      }
    }
  }
}
