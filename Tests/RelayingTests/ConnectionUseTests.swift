import EventLoop
import Platform
import TestSupport
import Testing

@testable import Relaying

@Suite("How connections are used") struct ConnectionUseTests {
  @Loop
  private func put(_ count: Int, into bed: Bed, domain: String = "far.example") async throws {
    for number in 0..<count { try await bed.put(to: "u\(number)@\(domain)") }
  }

  @Test("Many messages share a few connections, and none is held when they are gone")
  func reuse() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      try await put(30, into: bed)
      try await bed.run(server)
      #expect(server.messages.count == 30)
      #expect(Set(server.messages.flatMap(\.recipients)).count == 30)
      #expect(server.connections <= Limits.connectionsPerHop)
      #expect(server.commands.count { $0 == "QUIT" } == server.connections)
    }
  }

  @Test("No destination gets more connections than its limit")
  func limit() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      try await put(60, into: bed)
      try await bed.run(server)
      #expect(server.messages.count == 60)
      #expect(server.mostOpen <= Limits.connectionsPerHop)
      #expect(server.mostOpen > 1)
    }
  }

  @Test("A connection is given up after its share of messages")
  func share() async throws {
    try await onLoop {
      let server = try NextServer()
      // It takes one connection only until one has said QUIT, so that as many messages as may come over the first.
      server.answer = { [unowned server] command in
        command.hasPrefix("EHLO") && server.open > 1 && !server.commands.contains("QUIT")
          ? "421 4.7.0 one at a time" : nil
      }
      let bed = try Bed(smarthost: server)
      let count = Limits.messagesPerConnection + 20
      try await put(count, into: bed)
      try await bed.run(server)
      #expect(server.messages.count == count)
      #expect(bed.names(in: "queue/cur") == [])
      let starts = server.commands.indices.filter { server.commands[$0].hasPrefix("EHLO") }
      #expect(starts.count >= 2)
      let first = server.commands.prefix { $0 != "QUIT" }
      #expect(first.count { $0.hasPrefix("MAIL") } == Limits.messagesPerConnection)
    }
  }

  @Test(
    "An idle session that the server has ended costs the message nothing",
    arguments: [NextServer.hangUp, "421 4.4.2 idle for too long"])
  func lostIdle(reply: String) async throws {
    try await onLoop {
      let server = try NextServer()
      var mails = 0
      // It takes one session, so that the second message waits for the first one's.
      server.answer = { [unowned server] command in
        if command.hasPrefix("EHLO") && server.open > 1 { return "421 4.7.0 one at a time" }
        guard command.hasPrefix("MAIL") else { return nil }
        mails += 1
        return mails == 2 ? reply : nil
      }
      let bed = try Bed(smarthost: server)
      try await put(2, into: bed)
      try await bed.run(server)
      #expect(mails == 3)
      #expect(server.messages.count == 2)
      #expect(bed.names(in: "queue/cur") == [])
    }
  }

  @Test("A connection that breaks after the dot defers the message, and does not return it")
  func lostAfterDot() async throws {
    try await onLoop {
      let server = try NextServer()
      server.verdict = { _ in NextServer.hangUp }
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.connections == 1)
      #expect(try bed.envelope().contains("To: - <ann@far.example>"))
      #expect(bed.names(in: "mail") == [])
    }
  }

  @Test("A hundred messages find out once that their destination is down")
  func deadOnce() async throws {
    try await onLoop {
      let server = try NextServer()
      server.greeting = "421 4.3.2 down for maintenance"
      let bed = try Bed(smarthost: server)
      try await put(100, into: bed)
      try await bed.run(server)
      #expect(server.connections == 1)
      #expect(bed.names(in: "queue/new") == [])
      let files = try bed.files(in: "queue/cur")
      #expect(files.count == 100)
      #expect(files.allSatisfy { $0.contains("421 4.3.2 down for maintenance") })
    }
  }

  @Test("A server that hangs up on the first command of every session is asked once")
  func refusesWork() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("MAIL") ? "421 4.7.0 try again later" : nil }
      let bed = try Bed(smarthost: server)
      try await put(50, into: bed)
      try await bed.run(server)
      #expect(server.connections <= Limits.connectionsPerHop)
      #expect(bed.names(in: "queue/cur").count == 50)
    }
  }

  @Test("A server that takes fewer sessions than we would use gets all messages over those")
  func fewerSessions() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { [unowned server] command in
        command.hasPrefix("EHLO") && server.open > 2 ? "421 4.7.0 too many connections" : nil
      }
      let bed = try Bed(smarthost: server)
      try await put(40, into: bed)
      try await bed.run(server)
      #expect(server.messages.count == 40)
      #expect(bed.names(in: "queue/cur") == [])
    }
  }

  @Test("A queue for many domains keeps few connections open")
  func manyDomains() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      let count = Limits.connections * 2
      for number in 0..<count {
        bed.zone.add("d\(number).example", mx: "mx\(number).example", [127, 0, 0, 1])
        try await bed.put(to: "ann@d\(number).example")
      }
      try await bed.run(server)
      #expect(server.messages.count == count)
      #expect(server.connections == count)
      #expect(server.mostOpen <= Limits.connections)
    }
  }

  @Loop
  private func putDuringGoodbye(of server: NextServer, into bed: Bed) async throws {
    while server.commands.last != "QUIT" {
      try await server.changed.wait(until: .now + .seconds(60))
    }
    try await bed.put(to: "second@far.example")
  }

  @Test("A message that comes while idle sessions are closed is not overlooked")
  func arrivalWhileClosing() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "first@far.example")
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask { try await putDuringGoodbye(of: server, into: bed) }
        try await bed.run(server, until: { server.messages.count == 2 })
      }
      #expect(server.messages.count == 2)
    }
  }

  @Test("A session under older settings is not used under new ones")
  func changedSettings() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      try await bed.put(to: "first@far.example")
      server.verdict = { [unowned bed] message in
        if message.recipients == ["<first@far.example>"] {
          // While the first is under way the admin asks for TLS, which the server does not have.
          bed.relayer.settings.encryption = .required
        }
        return "250 2.0.0 taken"
      }
      try await bed.run(server)
      try await bed.put(to: "second@far.example")
      try await bed.run(server)
      #expect(server.messages.map(\.recipients) == [["<first@far.example>"]])
      #expect(try #require(bed.envelope().last).contains("TLS is required"))
    }
  }
}
