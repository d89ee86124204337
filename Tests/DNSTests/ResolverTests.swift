import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import DNS

@Suite struct ResolverTests {
  private static let v4 = record(1, [192, 0, 2, 1])
  private static let impatient = Resolver.Patience(
    tries: [.milliseconds(5), .milliseconds(5)], turn: .milliseconds(5),
    refusal: .milliseconds(5), total: .milliseconds(50))
  /// For servers that do answer: the other tests may keep the loop busy for a while.
  private static let patient = Resolver.Patience(
    tries: [.seconds(60), .seconds(60)], turn: .seconds(60), total: .seconds(200))

  @Loop
  private func failure(
    of servers: [NameServer], patience: Resolver.Patience = Self.patient
  ) async throws -> DNSError? {
    var failure: DNSError?
    try await serving(servers) {
      let resolver = Resolver(NameServers(servers.map(\.address)), patience: patience)
      do throws(DNSError) {
        let answer = try await resolver.a("host.example")
        Issue.record("the answer is \(answer)")
      } catch { failure = error }
    }
    return failure
  }

  @Test(
    "A server that cannot tell is never one that says there is nothing", arguments: [1, 2, 4, 5, 9])
  func codes(code: UInt8) async throws {
    try await onLoop {
      let server = try NameServer { [reply(to: $0, code: code)] }
      #expect(try await failure(of: [server]) == .failed(code: Int(code)))
    }
  }

  @Test("A failure may leave the question out")
  func shortFailure() async throws {
    try await onLoop {
      let server = try NameServer { query in
        [[query[0], query[1], 0x81, 0x82, 0, 0, 0, 0, 0, 0, 0, 0]]
      }
      #expect(try await failure(of: [server]) == .failed(code: 2))
    }
  }

  @Test("The next server is asked, and asked first from then on")
  func nextServer() async throws {
    try await onLoop {
      let bad = try NameServer { [reply(to: $0, code: 2)] }
      let good = try NameServer { [reply(to: $0, answer: [Self.v4])] }
      try await serving([bad, good]) {
        let resolver = Resolver(NameServers([bad.address, good.address]), patience: Self.patient)
        for name in ["one.example", "two.example", "three.example"] {
          let found = try await resolver.a(name).records
          #expect(found.count == 1)
        }
        #expect(bad.datagrams == 1)
        #expect(good.datagrams == 3)
      }
    }
  }

  @Test("A silent server is asked twice and then given up")
  func silence() async throws {
    try await onLoop {
      let server = try NameServer { _ in [] }
      #expect(try await failure(of: [server], patience: Self.impatient) == .timedOut)
      #expect(server.datagrams == 2)
    }
  }

  @Test("Nobody is waited for beyond the time that the question has")
  func deadline() async throws {
    try await onLoop {
      let server = try NameServer { _ in [] }
      try await serving([server]) {
        let resolver = Resolver(NameServers([server.address]), patience: Self.patient)
        await #expect(throws: DNSError.timedOut) {
          _ = try await resolver.a("host.example", until: .now + .milliseconds(5))
        }
      }
      #expect(server.datagrams <= 1)
    }
  }

  @Test("A server that is not there is a failure of the network")
  func nobody() async throws {
    try await onLoop {
      // The port was free a moment ago.
      let address = try NameServer { _ in [] }.address
      let resolver = Resolver(NameServers([address]), patience: Self.impatient)
      let refused = SystemError(code: ECONNREFUSED, call: "recvfrom")
      await #expect(throws: DNSError.network(refused)) { _ = try await resolver.a("host.example") }
    }
  }

  @Test("Replies with another identifier or to another question are passed over")
  func forgeries() async throws {
    try await onLoop {
      let server = try NameServer { query in
        let lie = record(1, [6, 6, 6, 6])
        var otherIdentifier = reply(to: query, answer: [lie])
        otherIdentifier[1] ^= 1
        var otherName = reply(to: query, answer: [lie])
        otherName[13] ^= 1
        var otherType = reply(to: query, answer: [lie])
        otherType[12 + wire("host.example").count + 1] = 28
        var noReply = reply(to: query, answer: [lie])
        noReply[2] &= 0x7F
        let noQuestion =
          [query[0], query[1], 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0]
          + record(1, owner: wire("host.example"), [6, 6, 6, 6])
        return [otherIdentifier, otherName, otherType, noReply, noQuestion, [], [query[0]]]
          + [reply(to: query, answer: [Self.v4])]
      }
      try await serving([server]) {
        let resolver = Resolver(NameServers([server.address]), patience: Self.patient)
        let found = try await resolver.a("host.example").records
        #expect(found.map(\.description) == ["192.0.2.1"])
        #expect(server.datagrams == 1)
      }
    }
  }

  @Test("A flood of forgeries ends the wait")
  func flood() async throws {
    try await onLoop {
      let server = try NameServer { query in
        var forged = reply(to: query, answer: [Self.v4])
        forged[0] ^= 1
        return Array(repeating: forged, count: Limits.strayDatagrams)
      }
      #expect(try await failure(of: [server]) == .timedOut)
    }
  }

  @Test("The word of a local server that DNSSEC proves the answer is kept, also in the cache")
  func authenticated() async throws {
    try await onLoop {
      let server = try NameServer { query in
        var reply = reply(to: query, answer: [Self.v4])
        if query[3] & 0x20 != 0 { reply[3] |= 0x20 }
        return [reply]
      }
      try await serving([server]) {
        let resolver = Resolver(NameServers([server.address]), patience: Self.patient)
        for _ in 0..<2 {
          guard case .records(_, let origin) = try await resolver.a("host.example") else { return }
          #expect(origin.isAuthenticated)
        }
        #expect(server.datagrams == 1)
      }
    }
  }

  @Test("An answer is kept as long as it says, and one without a time not at all")
  func caching() async throws {
    try await onLoop {
      let soa =
        wire("ns.example") + wire("root.example") + [UInt8](repeating: 0, count: 16) + [
          0, 0, 0, 60,
        ]
      let server = try NameServer { query in
        switch query[13] {
        case UInt8(ascii: "p"): [reply(to: query, answer: [Self.v4])]
        case UInt8(ascii: "n"): [reply(to: query, code: 3, authority: [record(6, soa)])]
        case UInt8(ascii: "d"): [reply(to: query, authority: [record(6, soa)])]
        case UInt8(ascii: "s"): [reply(to: query, code: 2)]
        default: [reply(to: query, code: 3)]
        }
      }
      try await serving([server]) {
        let resolver = Resolver(NameServers([server.address]), patience: Self.patient)
        for (name, answer, asked) in [
          ("p.example", nil, 1), ("n.example", Answer.noSuchName, 1), ("d.example", .noData, 1),
          ("x.example", .noSuchName, 2),
        ] as [(String, Answer<IPAddress>?, Int)] {
          let before = server.datagrams
          for _ in 0..<2 {
            let found = try await resolver.a(name)
            if let answer { #expect(found == answer) } else { #expect(found.records.count == 1) }
          }
          #expect(server.datagrams - before == asked, "\(name)")
        }
        let before = server.datagrams
        for _ in 0..<2 {
          await #expect(throws: DNSError.failed(code: 2)) { _ = try await resolver.a("s.example") }
        }
        #expect(server.datagrams - before == 2)
      }
    }
  }

  @Test("Contradictions and broken records are no answer")
  func malformed() async throws {
    try await onLoop {
      let scripts: [NameServer.Script] = [
        { [reply(to: $0, code: 3, answer: [Self.v4])] },
        { [reply(to: $0, answer: [record(1, [192, 0, 2])])] },
        { [reply(to: $0, answer: [Self.v4]).dropLast()] },
        { [reply(to: $0, answer: [record(5, [0xC0, 12])])] },
        { [reply(to: $0, authority: [record(2, wire("ns.example"))])] },
      ]
      for (index, script) in scripts.enumerated() {
        let server = try NameServer(script)
        #expect(try await failure(of: [server]) == .malformed, "script \(index)")
      }
    }
  }

  @Test("A reply that was cut short is asked for over TCP, where nonsense and length have limits")
  func streams() async throws {
    try await onLoop {
      let cut: NameServer.Script = { [reply(to: $0, flags: 0x02)] }
      func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message
      }
      let good = try NameServer(
        streams: { query in
          let message = framed(reply(to: query, answer: [Self.v4]))
          return [Array(message[..<1]), Array(message[1..<20]), Array(message[20...])]
        }, cut)
      try await serving([good]) {
        let resolver = Resolver(NameServers([good.address]), patience: Self.patient)
        let found = try await resolver.a("host.example").records
        #expect(found.count == 1)
        #expect(good.streams == 1)
      }
      let bad: [NameServer.Script] = [
        { _ in [] }, { _ in [[0, 100, 1, 2]] }, { _ in [[0xFF, 0xFF]] }, { _ in [[0, 0]] },
        { query in
          var forged = reply(to: query, answer: [Self.v4])
          forged[0] ^= 1
          return [framed(forged)]
        },
      ]
      for (index, script) in bad.enumerated() {
        let server = try NameServer(streams: script, cut)
        let failure = try await failure(of: [server])
        // A peer that closes with unread bytes resets the connection.
        #expect(failure == .malformed, "script \(index): \(String(describing: failure))")
      }
    }
  }
}
