import EventLoop
import Platform
import TestSupport
import Testing

@testable import Network

@Suite struct UnixSocketTests {
  @Test("A connection through a Unix socket carries lines both ways")
  func lines() async throws {
    try await onLoop {
      let listener = try UnixListener()
      let client = try Connection.connect(toUnixSocket: listener.path)
      let server = try Connection(
        listener.accept(), peer: SocketAddress(IPAddress(v4: 0), port: 0))
      #expect(client.peer.host.isLoopback)
      try await client.write(Array("ping\r\n".utf8), until: .now + .seconds(5))
      try await client.flush(until: .now + .seconds(5))
      #expect(try await server.readLine(limit: 10, until: .now + .seconds(5)) == Array("ping".utf8))
      await server.close(until: .now)
      await #expect(throws: ConnectionError.self) {
        try await client.readLine(limit: 10, until: .now + .seconds(5))
      }
    }
  }

  @Test(
    "A path that leads nowhere is an error at once",
    arguments: ["", "/nonexistent/socket", "/dev/null", String(repeating: "x", count: 108)])
  func nowhere(path: String) async throws {
    try await onLoop {
      #expect(throws: ConnectionError.self) { try Connection.connect(toUnixSocket: path) }
    }
  }
}
