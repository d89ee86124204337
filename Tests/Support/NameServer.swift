package import EventLoop
import Foundation
package import Platform
internal import Testing

/// A server on a loopback port that answers what a test wants, true or not.
@Loop
package final class NameServer {
  /// The replies to a query, none to stay silent.
  package typealias Script = @Loop ([UInt8]) -> [[UInt8]]

  /// Where it listens.
  package let address: SocketAddress
  /// Questions asked by UDP.
  package private(set) var datagrams = 0
  /// Connections made by TCP.
  package private(set) var streams = 0
  private let socket: Descriptor
  private let listener: Descriptor
  private let script: Script
  private let streamScript: Script

  /// - Parameters:
  ///   - address: where it listens, on 127.0.0.1; nil for a port of its own.
  ///   - takesStreams: whether it takes connections by TCP.
  package init(
    at address: SocketAddress? = nil, takesStreams: Bool = true,
    streams: @escaping Script = { _ in [] }, _ script: @escaping Script
  ) throws {
    let any = try address ?? SocketAddress(#require(IPAddress("127.0.0.1")), port: 0)
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    socket = Descriptor(owning: Glibc.socket(AF_INET, type, 0))
    // The port that is free for streams may be another's for datagrams.
    var candidate = try Descriptor.listening(on: any)
    var attempts = 1
    while try !Self.bind(socket, to: candidate.localAddress().port) {
      try #require(attempts < 100, "no port is free for both")
      attempts += 1
      candidate = try Descriptor.listening(on: any)
    }
    self.address = try candidate.localAddress()
    // Its port stays taken, and connections are refused.
    if !takesStreams { shutdown(candidate.number, Int32(SHUT_RDWR)) }
    listener = candidate
    self.script = script
    streamScript = streams
    try Loop.shared.eventLoop.register(socket)
    try Loop.shared.eventLoop.register(listener)
  }

  private static func bind(_ socket: borrowing Descriptor, to port: UInt16) -> Bool {
    var local = sockaddr_in()
    local.sin_family = sa_family_t(AF_INET)
    local.sin_port = port.bigEndian
    local.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let number = socket.number
    return withUnsafePointer(to: &local) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  /// Serves until the task is cancelled.
  package func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.serveDatagrams() }
      group.addTask { await self.serveStreams() }
    }
  }

  private func serveDatagrams() async {
    var query = [UInt8](repeating: 0, count: 4096)
    while true {
      var peer = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let number = socket.number
      let count = withUnsafeMutablePointer(to: &peer) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(number, &query, query.count, 0, $0, &length)
        }
      }
      if count < 0 {
        guard await isReadable(number) else { return }
        continue
      }
      datagrams += 1
      for reply in script(Array(query[..<count])) {
        withUnsafePointer(to: &peer) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = sendto(number, reply, reply.count, 0, $0, length)
          }
        }
      }
    }
  }

  private func serveStreams() async {
    while true {
      do throws(SystemError) {
        let client = try listener.accept()
        try Loop.shared.eventLoop.register(client.descriptor)
        streams += 1
        guard await isReadable(client.descriptor.number) else { return }
        var query = [UInt8](repeating: 0, count: 4096)
        let count = read(client.descriptor.number, &query, query.count)
        for reply in streamScript(Array(query[min(2, max(0, count))..<max(0, count)])) {
          _ = write(client.descriptor.number, reply, reply.count)
        }
      } catch {
        guard error.isWouldBlock, await isReadable(listener.number) else { return }
      }
    }
  }

  private func isReadable(_ number: Int32) async -> Bool {
    do throws(WaitError) {
      try await Loop.shared.eventLoop.waitUntilReadable(number, until: .distantFuture)
      return true
    } catch { return false }
  }
}

/// Runs `body` while the servers serve.
@Loop
package func serving(
  _ servers: [NameServer], _ body: @Loop () async throws -> Void
) async throws {
  try await withThrowingDiscardingTaskGroup { group in
    for server in servers { group.addTask { await server.run() } }
    try await body()
    group.cancelAll()
  }
}

/// A reply with the identifier and the question of a query.
package func reply(
  to query: [UInt8], code: UInt8 = 0, flags: UInt8 = 0, answer: [[UInt8]] = [],
  authority: [[UInt8]] = []
) -> [UInt8] {
  // The question is the name up to its zero byte, and four bytes of type and class.
  let end = (query[12...].firstIndex(of: 0) ?? 12) + 5
  var message = [query[0], query[1], 0x81 | flags, 0x80 | code, 0, 1]
  message += [0, UInt8(answer.count), 0, UInt8(authority.count), 0, 0]
  message += query[12..<end]
  message += (answer + authority).joined()
  return message
}

/// A record of the name in the question, or of `owner`.
package func record(
  _ type: UInt8, timeToLive: UInt32 = 300, owner: [UInt8] = [0xC0, 12], _ data: [UInt8]
) -> [UInt8] {
  owner + [0, type, 0, 1] + (0..<4).map { UInt8(truncatingIfNeeded: timeToLive >> (24 - 8 * $0)) }
    + [UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
}

/// A name on the wire.
package func wire(_ name: String) -> [UInt8] {
  name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
}
