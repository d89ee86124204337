import EventLoop
import Mail
import Platform
import TestSupport
import Testing

@testable import Relaying

/// Servers that keep a delivery waiting, and the mail for others.
@Suite("Servers that say nothing") struct MuteServerTests {
  @Loop
  private func put(_ count: Int, into bed: Bed, domain: String) async throws {
    for number in 0..<count { try await bed.put(to: "u\(number)@\(domain)") }
  }

  @Test("As many mute destinations as there are connections to two hold up nobody")
  func mute() async throws {
    try await onLoop {
      let mute = try NextServer("127.0.0.2")
      let quick = try NextServer("127.0.0.3", port: mute.address.port)
      mute.verdict = { _ in NextServer.silence }
      let bed = try Bed(mxPort: mute.address.port)
      let count = Limits.connectionsPerHop * 2
      for number in 0..<count {
        bed.zone.add("d\(number).example", mx: "mx\(number).example", [127, 0, 0, 2])
        try await put(Limits.connectionsPerHop, into: bed, domain: "d\(number).example")
      }
      bed.zone.add("quick.example", mx: "mx.quick.example", [127, 0, 0, 3])
      try await put(20, into: bed, domain: "quick.example")
      var most = 0
      let isDone: @Loop () -> Bool = {
        most = max(most, bed.relayer.active)
        return quick.messages.count == 20 && mute.open == count
      }
      try await bed.run(mute, quick, until: isDone)
      #expect(mute.connections == count)
      #expect(most < Limits.deliveries)
    }
  }

  @Test("Ten destinations that fall silent after an answer leave room for others")
  func silentAfterUse() async throws {
    try await onLoop {
      let mute = try NextServer("127.0.0.2")
      let quick = try NextServer("127.0.0.3", port: mute.address.port)
      // The first message for each domain is taken.
      var known: Set<Substring> = []
      mute.verdict = { message in
        let domain = message.recipients[0].drop { $0 != "@" }
        return known.insert(domain).inserted ? "250 ok" : NextServer.silence
      }
      let bed = try Bed(mxPort: mute.address.port)
      for number in 0..<10 {
        bed.zone.add("d\(number).example", mx: "mx\(number).example", [127, 0, 0, 2])
        try await put(10, into: bed, domain: "d\(number).example")
      }
      bed.zone.add("quick.example", mx: "mx.quick.example", [127, 0, 0, 3])
      try await put(20, into: bed, domain: "quick.example")
      try await bed.run(
        mute, quick, until: { quick.messages.count == 20 && mute.messages.count == 10 })
      #expect(mute.connections < Limits.deliveries)
    }
  }

  @Test(
    "A server that ends each session after its message keeps its connections",
    arguments: [250, 550])
  func oneMessageEach(code: Int) async throws {
    try await onLoop {
      let server = try NextServer()
      server.verdict = { _ in NextServer.raw + "\(code) 2.0.0 so|" + NextServer.hangUp }
      let bed = try Bed(smarthost: server)
      try await put(60, into: bed, domain: "far.example")
      try await bed.run(server)
      #expect(server.connections == 60)
      #expect(server.mostOpen == Limits.connectionsPerHop)
    }
  }

  @Test("While one message finds out whether a mute server still is, the others go to the next")
  func standsInForMute() async throws {
    try await onLoop {
      let mute = try NextServer("127.0.0.2")
      let other = try NextServer("127.0.0.3")
      mute.verdict = { _ in NextServer.silence }
      let bed = try Bed(smarthost: mute, "127.0.0.2")
      bed.relayer.settings.otherwise.servers.append(
        .smtp(host: "127.0.0.3", port: other.address.port, isImplicitTLS: false))
      bed.relayer.patience.reply = .seconds(30)
      let server = bed.relayer.settings.otherwise.servers[0]
      let hop = Hop(
        description: "\(server)", domain: nil, version: bed.relayer.settingsVersion, route: 0,
        server: server)
      #expect(bed.relayer.noteFailure(of: hop, reason: "mute"))
      bed.relayer.skipped = .seconds(61)
      try await put(20, into: bed, domain: "far.example")
      try await bed.run(mute, other, until: { other.messages.count == 19 && mute.open == 1 })
      #expect(mute.connections == 1)
    }
  }

  @Test("After a change of the settings mail goes on, while a mute server holds a delivery")
  func changedSettings() async throws {
    try await onLoop {
      let mute = try NextServer("127.0.0.2")
      let quick = try NextServer("127.0.0.3", port: mute.address.port)
      mute.verdict = { _ in NextServer.silence }
      let bed = try Bed(mxPort: mute.address.port)
      bed.zone.add("mute.example", mx: "mx.mute.example", [127, 0, 0, 2])
      bed.zone.add("quick.example", mx: "mx.quick.example", [127, 0, 0, 3])
      try await put(1, into: bed, domain: "mute.example")
      try await put(9, into: bed, domain: "quick.example")
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask {
          try await bed.run(mute, quick, until: { quick.messages.count == 10 })
        }
        let limit = Instant.now + .seconds(60)
        while quick.messages.count < 9 || mute.open < 1 || bed.relayer.active > 1 {
          try await bed.spool.arrival.wait(until: limit)
        }
        bed.relayer.settings.reportsPerHour += 1
        try await put(1, into: bed, domain: "quick.example")
      }
      #expect(quick.messages.count == 10)
    }
  }

  @Test("A server that falls silent is down for the next messages, and not asked by each of them")
  func fallsSilent() async throws {
    try await onLoop {
      let server = try NextServer()
      server.verdict = { $0.recipients == ["<u0@far.example>"] ? "250 ok" : NextServer.silence }
      let bed = try Bed(smarthost: server)
      // Enough for its one answer on a busy machine.
      bed.relayer.patience.reply = .seconds(3)
      try await put(40, into: bed, domain: "far.example")
      try await bed.run(server)
      #expect(server.connections <= Limits.connectionsPerHop + 1)
      #expect(bed.names(in: "queue/new") == [])
      #expect(bed.names(in: "queue/cur").count == 39)
    }
  }
}
