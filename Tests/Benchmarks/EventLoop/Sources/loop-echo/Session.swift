import EventLoop
import Platform

/// A client of the echo server: lines come back as they are complete.
@Loop
final class Session {
  private let client: AcceptedSocket
  /// The start of a line whose end has not come; nothing while the client is idle.
  private var unfinished: [UInt8] = []

  private static let limit = 1000
  private static let scratch = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 16 << 10, alignment: 16)

  init(_ client: consuming AcceptedSocket) {
    self.client = client
  }

  func run() async {
    do {
      while try await echo() {}
    } catch {
      // The client has gone.
    }
  }

  /// Receives once and answers the lines that are complete; false when there is nothing to come.
  private func echo() async throws -> Bool {
    let loop = Loop.shared.eventLoop
    let count: Int
    do throws(SystemError) {
      count = try unsafe client.descriptor.receive(into: Self.scratch)
    } catch {
      guard error.isWouldBlock else { throw error }
      try await loop.waitUntilReadable(client.descriptor.number, until: .now + .seconds(300))
      return true
    }
    if count == 0 { return false }
    unsafe unfinished.append(contentsOf: Self.scratch[..<count])
    guard let end = unfinished.lastIndex(of: UInt8(ascii: "\n")) else {
      return unfinished.count <= Self.limit
    }
    let lines = Array(unfinished[...end])
    unfinished = Array(unfinished[(end + 1)...])
    try await send(lines)
    return true
  }

  private func send(_ bytes: [UInt8]) async throws {
    var sent = 0
    while sent < bytes.count {
      do throws(SystemError) {
        sent += try client.descriptor.send(bytes, from: sent)
      } catch {
        guard error.isWouldBlock else { throw error }
        try await Loop.shared.eventLoop.waitUntilWritable(
          client.descriptor.number, until: .now + .seconds(300))
      }
    }
  }
}
