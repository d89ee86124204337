import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import DNS

/// Servers that are old, slow, silent, or being restarted.
@Suite struct OddServerTests {
  private static let v4 = record(1, [192, 0, 2, 1])
  /// For what must happen: other tests may keep the loop busy for a while.
  private static let patient = Resolver.Patience(
    tries: [.seconds(60)], turn: .seconds(60), total: .seconds(120))
  /// Silence is found out at once, and everything is waited for.
  private static let repeating = Resolver.Patience(
    tries: [.milliseconds(5), .milliseconds(5), .seconds(60)], turn: .milliseconds(5),
    refusal: .milliseconds(5), total: .seconds(120))

  /// Whether a query offers to take a long reply; the twelfth byte counts the additional records.
  private static func offersLongReply(_ query: [UInt8]) -> Bool { query[11] != 0 }

  @Loop
  private func addresses(
    _ servers: [NameServer], _ patience: Resolver.Patience, _ name: String = "host.example"
  ) async throws -> [String] {
    var found: [String] = []
    try await serving(servers) {
      let resolver = Resolver(NameServers(servers.map(\.address)), patience: patience)
      found = try await resolver.a(name).records.map(\.description)
    }
    return found
  }

  @Test(
    "A server that refuses the offer of long replies is asked without it, and never with it again for a while",
    arguments: [1, 4] as [UInt8], [true, false])
  func refusedOffer(code: UInt8, repeatsQuestion: Bool) async throws {
    try await onLoop {
      let server = try NameServer { query in
        if !Self.offersLongReply(query) { return [reply(to: query, answer: [Self.v4])] }
        if repeatsQuestion { return [reply(to: query, code: code)] }
        return [[query[0], query[1], 0x81, 0x80 | code, 0, 0, 0, 0, 0, 0, 0, 0]]
      }
      try await serving([server]) {
        let resolver = Resolver(NameServers([server.address]), patience: Self.patient)
        let one = try await resolver.a("one.example").records
        #expect(one.count == 1)
        #expect(server.datagrams == 2)
        let two = try await resolver.a("two.example").records
        #expect(two.count == 1)
        #expect(server.datagrams == 3)
        // The while is over.
        resolver.plainUntil = resolver.plainUntil.mapValues { _ in Instant(nanoseconds: 0) }
        let three = try await resolver.a("three.example").records
        #expect(three.count == 1)
        #expect(server.datagrams == 5)
      }
    }
  }

  @Test("A server that says nothing to the offer is asked without it, and so from then on")
  func silentOffer() async throws {
    try await onLoop {
      let server = try NameServer { query in
        Self.offersLongReply(query) ? [] : [reply(to: query, answer: [Self.v4])]
      }
      try await serving([server]) {
        let resolver = Resolver(NameServers([server.address]), patience: Self.repeating)
        let one = try await resolver.a("one.example").records
        #expect(one.count == 1)
        #expect(resolver.plainUntil.count == 1)
        let before = server.datagrams
        let two = try await resolver.a("two.example").records
        #expect(two.count == 1)
        #expect(server.datagrams == before + 1)
      }
    }
  }

  @Test("A server that cannot answer at all has said so, with the offer and without")
  func refusedQuestion() async throws {
    try await onLoop {
      let server = try NameServer { [reply(to: $0, code: 4)] }
      await #expect(throws: DNSError.failed(code: 4)) {
        _ = try await addresses([server], Self.patient)
      }
      #expect(server.datagrams == 2)
    }
  }

  @Test(
    "An answer to the first try counts after the second, and both come from one port with one identifier"
  )
  func late() async throws {
    try await onLoop {
      var first: [UInt8]?
      let server = try NameServer { query in
        guard let query = first else {
          first = query
          return []
        }
        // To what it was asked first.
        return [reply(to: query, answer: [Self.v4])]
      }
      let found = try await addresses([server], Self.repeating)
      #expect(found == ["192.0.2.1"])
      #expect(server.datagrams == 2)
    }
  }

  @Test("A server that was passed over is still listened to")
  func passedOver() async throws {
    try await onLoop {
      var held: [UInt8]?
      let dead = try NameServer { _ in [] }
      let slow = try NameServer { query in
        defer { held = query }
        // It answers when it is asked again, by which time the other has been asked, too.
        return held.map { [reply(to: $0, answer: [Self.v4])] } ?? []
      }
      let found = try await addresses([slow, dead], Self.repeating)
      #expect(found == ["192.0.2.1"])
      #expect(dead.datagrams > 0)
    }
  }

  @Test("A server that is restarted is asked again until it is there")
  func restarted() async throws {
    try await onLoop {
      // The port was free a moment ago.
      let address = try NameServer { _ in [] }.address
      let asked = Condition()
      // It is asked when the first one has refused.
      let other = try NameServer { _ in
        asked.signal()
        return []
      }
      let resolver = Resolver(NameServers([address, other.address]), patience: Self.repeating)
      try await serving([other]) {
        try await withThrowingTaskGroup(of: Int.self) { group in
          group.addTask { try await resolver.a("host.example").records.count }
          try await asked.wait()
          let back = try NameServer(at: address) { [reply(to: $0, answer: [Self.v4])] }
          var found: Int?
          try await serving([back]) { found = try await group.next() }
          #expect(found == 1)
        }
      }
    }
  }

  @Test(
    "An answer that is cut short, from a server that takes no TCP, is a failure of that question alone"
  )
  func cutShort() async throws {
    try await onLoop {
      let server = try NameServer(takesStreams: false) { [reply(to: $0, flags: 0x02)] }
      try await serving([server]) {
        let start = Instant.now
        let resolver = Resolver(NameServers([server.address]), patience: Self.patient)
        await #expect(throws: DNSError.cutShort) { _ = try await resolver.a("host.example") }
        #expect(await resolver.isAnswering(since: start))
        // It was not asked anything else for that.
        #expect(server.datagrams == 1)
      }
    }
  }

  @Test("Whether the servers answer is seen by a question that has nothing to do with the name")
  func answering() async throws {
    try await onLoop {
      var isSilent = false
      let server = try NameServer { query in
        // The root is one byte, and 2 is NS.
        isSilent || query[12] != 0 ? [] : [reply(to: query, code: 5)]
      }
      try await serving([server]) {
        let patience = Resolver.Patience(
          tries: [.milliseconds(5)], turn: .milliseconds(5), total: .milliseconds(50),
          control: .seconds(60))
        let resolver = Resolver(NameServers([server.address]), patience: patience)
        await #expect(throws: DNSError.timedOut) { _ = try await resolver.a("silent.example") }
        #expect(await resolver.isAnswering(since: .now))
        isSilent = true
        resolver.patience.control = .milliseconds(50)
        #expect(await !resolver.isAnswering(since: .now))
        // What was heard before is enough for what was asked before.
        #expect(await resolver.isAnswering(since: Instant(nanoseconds: 0)))
      }
    }
  }
}
