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
      let conduct = Conduct(rules) { client in
        switch client.description.split(separator: ".")[1] {
        case "0" where client == home: .known
        case "2": .candidate
        case "3": .trusted
        default: .stranger
        }
      }
      let gate = ConnectionGate(total: total, perClient: 10, conduct: conduct)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          await gate.serve(listener, service: "smtp", refusal: "421 no\r\n") { connection in
            do throws(ConnectionError) {
              try await connection.write(Array("220 hello\r\n".utf8), until: .now)
              while let line = try await connection.readLine(limit: 100, until: .distantFuture) {
                if line == Array("log in".utf8) { connection.hasLoggedIn = true }
                try await connection.write(Array("250 ok\r\n".utf8), until: .now)
              }
            } catch {
              if case .dismissed = error {
                _ = try? await connection.write(Array("421 idle\r\n".utf8), until: .now)
              }
            }
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

  @Loop
  private static func ask(_ connection: Connection, _ line: String = "hello") async throws -> String
  {
    try await connection.write(Array("\(line)\r\n".utf8), until: .now + .seconds(30))
    let reply = try await connection.readLine(limit: 100, until: .now + .seconds(30))
    return String(decoding: reply ?? [], as: UTF8.self)
  }

  @Test(
    "However many hold on to silent connections, the longest silent makes room for the next of its class",
    arguments: [(UInt32(1), 30), (2, 35)])
  func makingRoom(network: UInt32, places: Int) async throws {
    try await Self.serving(total: 40, Self.anything) { address, _ async throws in
      var held: [Connection] = []
      for number in 1...UInt32(places + 5) {
        let source = IPAddress(v4: 0x7F00_0000 + network << 16 + number)
        let (connection, greeting) = try await Self.connect(address, from: source)
        #expect(greeting == "220 hello")
        // The first one has logged in and the second one is at work: the third is the first to go.
        if number == 1 { #expect(try await Self.ask(connection, "log in") == "250 ok") }
        if number == places { #expect(try await Self.ask(held[1]) == "250 ok") }
        held.append(connection)
      }
      for gone in 2..<7 {
        let line = try await held[gone].readLine(limit: 100, until: .now + .seconds(30))
        #expect(line.map { String(decoding: $0, as: UTF8.self) } == "421 idle")
      }
      for stays in [0, 1, 7, places + 4] {
        #expect(try await Self.ask(held[stays]) == "250 ok", "\(stays)")
      }
    }
  }

  @Test("A client of a higher class displaces a stranger, and no stranger displaces it")
  func classes() async throws {
    try await Self.serving(total: 8, Self.anything) { address, _ async throws in
      var held: [Connection] = []
      for number in 1...UInt32(8) {
        let source = IPAddress(v4: 0x7F03_0000 + number)
        held.append(try await Self.connect(address, from: source).connection)
      }
      let stranger = IPAddress(v4: 0x7F01_0001)
      #expect(try await Self.connect(address, from: stranger).greeting == "421 no")
      #expect(try await Self.connect(address, from: Self.home).greeting == "421 no")
      let trusted = IPAddress(v4: 0x7F03_0009)
      #expect(try await Self.connect(address, from: trusted).greeting == "220 hello")
      for stays in 1..<8 { #expect(try await Self.ask(held[stays]) == "250 ok", "\(stays)") }
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
