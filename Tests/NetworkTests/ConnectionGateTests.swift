import EventLoop
import Platform
import TestSupport
import Testing

@testable import Network

@Suite struct ConnectionGateTests {
  private static let home = IPAddress(v4: 0x7F00_0001)

  /// Runs `body` with a gate that serves on a port, where each session greets and waits for a line.
  private static func serving(
    total: Int, _ rules: ClientRules,
    _ body: @escaping @Loop @Sendable (SocketAddress, Conduct) async throws -> Void
  ) async throws {
    try await onLoop {
      let listener = try Listener(on: SocketAddress(home, port: 0))
      let conduct = Conduct(rules) { $0 == home ? .known : .stranger }
      let gate = ConnectionGate(total: total, perClient: 10, conduct: conduct)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          await gate.serve(listener, service: "smtp", refusal: "421 no\r\n") { connection in
            do throws(ConnectionError) {
              try await connection.write(Array("220 hello\r\n".utf8), until: .now)
              _ = try await connection.readLine(limit: 100, until: .distantFuture)
            } catch {}
            await connection.close(until: .now)
          }
        }
        try await body(listener.address, conduct)
        group.cancelAll()
      }
    }
  }

  @Loop
  private static func connect(
    _ address: SocketAddress, from source: IPAddress
  ) async throws -> (connection: Connection, greeting: String) {
    let deadline = Instant.now + .seconds(30)
    let connection = try await Connection.connect(to: address, from: source, until: deadline)
    let line = try await connection.readLine(limit: 100, until: deadline)
    return (connection, String(decoding: line ?? [], as: UTF8.self))
  }

  private static let anything = ClientRules(
    connectionsPerMinute: nil, commandsPerMinute: nil, failedLogins: 1, ban: .seconds(900))

  @Test("However many strangers hold on to their connections, a known client gets in")
  func reserve() async throws {
    try await Self.serving(total: 40, Self.anything) { address, _ async throws in
      var held: [Connection] = []
      var refused = 0
      for number in 1...100 {
        let source = IPAddress(v4: 0x7F01_0000 + UInt32(number))
        let (connection, greeting) = try await Self.connect(address, from: source)
        held.append(connection)
        if greeting == "421 no" { refused += 1 }
      }
      #expect(refused == 70)
      #expect(try await Self.connect(address, from: Self.home).greeting == "220 hello")
      #expect(held.count == 100)
    }
  }

  @Test("A banned client is refused, and its neighbour is not")
  func banned() async throws {
    try await Self.serving(total: 40, Self.anything) { address, conduct async throws in
      let bad = IPAddress(v4: 0x7F00_0002)
      #expect(
        await conduct.loginFailed(service: "smtp", client: bad, user: "a", password: nil) == false)
      #expect(try await Self.connect(address, from: bad).greeting == "421 no")
      #expect(
        try await Self.connect(address, from: IPAddress(v4: 0x7F00_0003)).greeting == "220 hello")
    }
  }

  @Test("A client over its rate of connections is refused")
  func rate() async throws {
    var rules = Self.anything
    rules.connectionsPerMinute = 2
    try await Self.serving(total: 40, rules) { address, _ async throws in
      for greeting in ["220 hello", "220 hello", "421 no"] {
        #expect(try await Self.connect(address, from: Self.home).greeting == greeting)
      }
    }
  }
}
