import EventLoop
import Mail
import Platform
import TestSupport
import Testing

@testable import Relaying
@testable import Spool

@Suite("Who waits for whom") struct TurnTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)
  private let hop = Hop(description: "a", domain: "a.example", version: 0)

  @Test("A turn comes once in an interval, whatever the wall clock does")
  func turns() {
    var turns = Turns()
    func take(_ offset: Int) -> Bool {
      turns.take(hop, interval: .seconds(2), at: start + .milliseconds(offset))
    }
    let taken = [0, 1, 1999, 2000, 2001, 10_000, 11_999, 12_000].filter(take)
    #expect(taken == [0, 2000, 10_000, 12_000])
    #expect(turns.next(hop) == start + .seconds(14))
    // Ten years without a message are no credit, and no debt.
    #expect(take(315_360_000_000) && !take(315_360_000_001))
  }

  @Test("Without an interval every moment is a turn, and nothing is remembered")
  func noInterval() {
    var turns = Turns()
    for _ in 0..<3 {
      let isTaken = turns.take(hop, interval: .zero, at: start)
      #expect(isTaken)
    }
    #expect(turns.next(hop) == Instant(nanoseconds: 0))
  }

  @Test("Only so many turns are remembered, and the earliest makes room")
  func bound() {
    var turns = Turns()
    for number in 0...Limits.pacedHops {
      let hop = Hop(description: "\(number)", domain: "\(number)", version: 0)
      _ = turns.take(hop, interval: .seconds(1), at: start + .milliseconds(number))
    }
    func isKnown(_ number: Int) -> Bool {
      turns.next(Hop(description: "\(number)", domain: "\(number)", version: 0)) > start
    }
    #expect(!isKnown(0))
    #expect((1...Limits.pacedHops).allSatisfy(isKnown))
  }

  @Loop
  private func put(_ count: Int, into bed: Bed, domain: String) async throws {
    for number in 0..<count { try await bed.put(to: "u\(number)@\(domain)") }
  }

  @Test("A thousand messages for a slow server leave the way free for others")
  func fairness() async throws {
    try await onLoop {
      let slow = try NextServer("127.0.0.2")
      let quick = try NextServer("127.0.0.3", port: slow.address.port)
      slow.answer = { $0.hasPrefix("MAIL") ? NextServer.silence : nil }
      let bed = try Bed(mxPort: slow.address.port)
      bed.zone.add("slow.example", mx: "mx.slow.example", [127, 0, 0, 2])
      bed.zone.add("quick.example", mx: "mx.quick.example", [127, 0, 0, 3])
      try await put(1000, into: bed, domain: "slow.example")
      try await put(50, into: bed, domain: "quick.example")
      // The slow server never answers, so that only what does not wait for it can arrive.
      try await bed.run(slow, quick, until: { quick.messages.count == 50 })
      #expect(slow.connections == 1)
      // Nothing was done to the files of those that stand in line.
      #expect(bed.names(in: "queue/new").count >= 1000 - Limits.deliveries)
    }
  }

  @Test("A turn of which nothing came is given back, and one is for mail of all conditions")
  func giveBack() {
    var turns = Turns()
    var strict = hop
    strict.requiresTLS = true
    func take(_ hop: Hop) -> Bool { turns.take(hop, interval: .seconds(60), at: start) }
    #expect(take(hop))
    #expect(!take(strict))
    turns.giveBack(strict, start + .seconds(59))
    #expect(!take(hop))
    turns.giveBack(strict, start + .seconds(60))
    #expect(take(strict))
    #expect(!take(hop))
  }

  @Test("An idle session that has ended costs a paced message no turn")
  func lostIdleTurn() async throws {
    try await onLoop {
      let server = try NextServer()
      var mails = 0
      server.answer = { command in
        guard command.hasPrefix("MAIL") else { return nil }
        mails += 1
        return mails == 2 ? NextServer.hangUp : nil
      }
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.interval = .seconds(5)
      try await put(2, into: bed, domain: "far.example")
      let isDone: @Loop () -> Bool = {
        if server.messages.count == 1, bed.relayer.active == 0, bed.relayer.skipped == .zero {
          bed.relayer.skipped = .seconds(6)
          bed.spool.arrival.signal()
        }
        let isInLine = bed.relayer.skipped > .zero && !bed.relayer.lines.keys.isEmpty && mails > 1
        return server.messages.count == 2 || isInLine
      }
      try await bed.run(server, until: isDone)
      #expect(server.messages.count == 2)
      #expect(mails == 3)
    }
  }

  @Test("A thousand messages for a dead host cost one connection")
  func deadHost() async throws {
    try await onLoop {
      let dead = try NextServer()
      dead.answer = { _ in NextServer.hangUp }
      let bed = try Bed(smarthost: dead)
      try await put(1000, into: bed, domain: "far.example")
      try await bed.run(dead)
      #expect(dead.connections == 1)
      #expect(bed.names(in: "queue/cur").count == 1000)
    }
  }

  @Test("What stands in line at a dead server goes to the one that stands in for it")
  func lineOfDeadHost() async throws {
    try await onLoop {
      let dead = try NextServer("127.0.0.2")
      let other = try NextServer("127.0.0.3")
      dead.greeting = NextServer.silence
      let bed = try Bed()
      bed.relayer.patience.reply = .seconds(1)
      bed.relayer.settings.otherwise.servers = [dead, other].map {
        .smtp(host: "\($0.address.host)", port: $0.address.port, isImplicitTLS: false)
      }
      bed.relayer.settings.otherwise.connections = 20
      try await put(200, into: bed, domain: "far.example")
      try await bed.run(dead, other)
      #expect(other.messages.count == 200)
      #expect(dead.connections == 1)
    }
  }

  @Test("Of messages in line none is overtaken by more than are looked at together")
  func order() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.connections = 1
      try await put(40, into: bed, domain: "far.example")
      try await bed.run(server)
      #expect(server.mostOpen == 1)
      for (place, message) in server.messages.enumerated() {
        let number = try #require(Int(message.recipients[0].dropFirst(2).prefix { $0 != "@" }))
        #expect(abs(number - place) < Limits.deliveries)
      }
    }
  }

  @Test("A message that is refused as a chunk is sent once more, however many names the server has")
  func refusedChunks() async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities.append("CHUNKING")
      server.verdict = { _ in "502 5.5.1 what" }
      let bed = try Bed(mxPort: server.address.port)
      for number in 0..<10 {
        bed.zone.add("far.example", mx: "m\(number).example", [127, 0, 0, 1])
        bed.trust(server, as: "m\(number).example")
      }
      try await put(1, into: bed, domain: "far.example")
      try await bed.run(server)
      #expect((1...2).contains(server.commands.count { $0.hasPrefix("BDAT") }))
    }
  }

  @Test("A connection is closed after the messages that the route lets it have", arguments: [1, 3])
  func messagesPerConnection(count: Int) async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.connections = 1
      bed.relayer.settings.otherwise.messagesPerConnection = count
      try await put(6, into: bed, domain: "far.example")
      try await bed.run(server)
      #expect(server.messages.count == 6)
      #expect(server.connections == 6 / count)
    }
  }

  @Test("Recipients at a slow place get their turn, although others of the message have to wait")
  func mixed() async throws {
    try await onLoop {
      let server = try NextServer("127.0.0.3")
      let greylister = try NextServer("127.0.0.2", port: server.address.port)
      greylister.answer = { $0.hasPrefix("RCPT") ? "450 4.2.0 later" : nil }
      let bed = try Bed(mxPort: server.address.port)
      bed.zone.add("slow.example", mx: "mx.slow.example", [127, 0, 0, 3])
      bed.zone.add("grey.example", mx: "mx.grey.example", [127, 0, 0, 2])
      bed.relayer.settings.otherwise.interval = .milliseconds(50)
      try await put(10, into: bed, domain: "slow.example")
      try await bed.put(to: "ann@grey.example", "bob@slow.example")
      try await bed.run(server, greylister)
      #expect(server.messages.count == 11)
      #expect(bed.names(in: "queue/cur").count == 1)
      #expect(greylister.commands.count { $0.hasPrefix("RCPT") } <= 2)
    }
  }

  @Test("With a pace, one message goes and the others stand in line without an attempt")
  func pace() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.interval = .seconds(3600)
      try await put(10, into: bed, domain: "far.example")
      try await bed.run(
        server, until: { server.messages.count == 1 && bed.relayer.active == 0 && bed.isParked(9) })
      #expect(server.messages.count == 1)
      #expect(bed.names(in: "queue/new").count == 9)
      #expect(bed.names(in: "queue/cur") == [])
      bed.relayer.skipped = .seconds(3600)
      try await bed.run(
        server, until: { server.messages.count == 2 && bed.relayer.active == 0 && bed.isParked(8) })
      // The admin who lifts the pace need not wait for the turn.
      bed.relayer.settings.otherwise.interval = .zero
      try await bed.run(server)
      #expect(server.messages.count == 10)
    }
  }

  @Test("With a short pace all messages go, one in each turn")
  func shortPace() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.interval = .milliseconds(20)
      bed.relayer.settings.otherwise.connections = 1
      let begin = Instant.now
      try await put(6, into: bed, domain: "far.example")
      try await bed.run(server)
      #expect(server.messages.count == 6)
      #expect(Instant.now - begin >= .milliseconds(100))
      #expect(server.connections == 1)
    }
  }

  @Test("While the window is closed nothing is tried, and what waits goes when it opens")
  func window() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      bed.relayer.settings.otherwise.window = DailyWindow(opening: 22 * 60, closing: 6 * 60)
      var second = 12 * 3600
      bed.relayer.secondOfDay = { second }
      try await put(30, into: bed, domain: "far.example")
      try await bed.run(server, until: { bed.relayer.active == 0 && bed.isParked(30) })
      #expect(server.connections == 0)
      #expect(bed.names(in: "queue/new").count == 30)
      second = 23 * 3600
      try await bed.run(server)
      #expect(server.messages.count == 30)
    }
  }

  @Test("Mail without a window goes while that with one waits")
  func windowOfOneRoute() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      var night = Route(
        .domain(try #require(Domain("night.example"))),
        servers: bed.relayer.settings.otherwise.servers, encryption: .none)
      night.window = DailyWindow(opening: 60, closing: 61)
      bed.relayer.settings.routes = [night]
      bed.relayer.secondOfDay = { 0 }
      try await bed.put(to: "a@night.example", "b@far.example")
      try await bed.run(server, until: { bed.relayer.active == 0 && bed.isParked(1) })
      #expect(server.messages.map(\.recipients) == [["<b@far.example>"]])
      bed.relayer.secondOfDay = { 3600 }
      try await bed.run(server)
      #expect(server.messages.map(\.recipients) == [["<b@far.example>"], ["<a@night.example>"]])
    }
  }

  @Test("When a destination takes mail again, what waits for it is sent at once")
  func recovery() async throws {
    try await onLoop {
      let server = try NextServer()
      server.greeting = "421 down"
      let bed = try Bed(smarthost: server)
      try await put(20, into: bed, domain: "far.example")
      try await bed.run(server)
      #expect(bed.names(in: "queue/cur").count == 20)
      server.greeting = "220 ready"
      bed.relayer.skipped = .seconds(61)
      try await bed.put(to: "new@far.example")
      try await bed.run(server, until: { server.messages.count == 21 })
      #expect(bed.names(in: "queue/new") == [])
    }
  }
}

extension Bed {
  /// Whether so many messages stand in line.
  func isParked(_ count: Int) -> Bool { spool.count == count && spool.firstDue == nil }
}
