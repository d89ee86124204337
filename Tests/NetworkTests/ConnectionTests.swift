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
}

@Suite struct ClientCountsTests {
  @Test("A client has its limit, a trusted one has not, and the total holds for all")
  func limits() throws {
    var counts = ClientCounts(total: 4, perClient: 2)
    let client = IPAddress(v4: 0x0A00_0001)
    #expect(counts.admit(client, isTrusted: false) == .admitted)
    #expect(counts.admit(client, isTrusted: false) == .admitted)
    #expect(counts.admit(client, isTrusted: false) == .tooManyFromClient)
    #expect(counts.admit(client, isTrusted: true) == .admitted)
    #expect(counts.admit(IPAddress(v4: 0x0A00_0002), isTrusted: false) == .admitted)
    #expect(counts.admit(IPAddress(v4: 0x0A00_0003), isTrusted: true) == .full)
    for _ in 0..<2 { counts.leave(client) }
    #expect(counts.admit(client, isTrusted: false) == .admitted)
    #expect(counts.total == 3)
  }

  @Test("A burst of clients ebbs when three quarters have left, and again when the rest have")
  func ebb() {
    var counts = ClientCounts(total: 100, perClient: 100)
    let client = IPAddress(v4: 0x0A00_0001)
    for _ in 0..<80 { _ = counts.admit(client, isTrusted: true) }
    var ebbs: [Int] = []
    for _ in 0..<80 {
      counts.leave(client)
      if counts.takeEbb() { ebbs.append(counts.total) }
    }
    #expect(ebbs == [20, 5])
    for _ in 0..<10 {
      _ = counts.admit(client, isTrusted: true)
      counts.leave(client)
      let isEbb = counts.takeEbb()
      #expect(!isEbb, "single clients are no burst")
    }
  }

  @Test("The addresses of one IPv6 /64 are one client")
  func v6() throws {
    var counts = ClientCounts(total: 100, perClient: 1)
    let first = try #require(IPAddress("2001:db8::1"))
    let second = try #require(IPAddress("2001:db8::ffff"))
    let other = try #require(IPAddress("2001:db8:0:1::1"))
    #expect(counts.admit(first, isTrusted: false) == .admitted)
    #expect(counts.admit(second, isTrusted: false) == .tooManyFromClient)
    #expect(counts.admit(other, isTrusted: false) == .admitted)
  }
}
