import EventLoop
import Glibc
import Platform
import TestSupport
import Testing

@testable import Relaying

@Suite("Whether there is a network") struct OutageTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)
  private let pause = Duration.seconds(60)

  private func hop(_ name: String) -> Hop { Hop(description: name, domain: name, version: 0) }

  private var local: Hop {
    Hop(
      description: "", domain: nil, version: 0,
      server: .smtp(host: "192.168.1.1", port: 25, isImplicitTLS: false))
  }

  @Test("One certain failure is enough, and of likely ones two in a row to different destinations")
  func evidence() {
    var outage = Outage()
    func note(_ name: String, _ evidence: Outage.Evidence) -> Bool {
      outage.note(hop(name), evidence, reason: "gone", at: start, pause: pause)
    }
    #expect(!note("a", .likely))
    #expect(!note("a", .likely))
    #expect(outage.reason == nil)
    #expect(note("b", .likely))
    func end() -> Bool { outage.end() }
    #expect(end())
    #expect(!end())
    #expect(!note("b", .likely))
    #expect(!end())  // a success in between
    #expect(!note("a", .likely))
    #expect(!end())
    #expect(note("a", .certain))
    // It is told once.
    #expect(!note("b", .certain))
  }

  @Test("In each pause one attempt is made, and servers of the own network are left alone")
  func probe() {
    var outage = Outage()
    _ = outage.note(hop("a"), .certain, reason: "gone", at: start, pause: pause)
    func obstacle(_ hop: Hop, _ seconds: Int) -> String? {
      outage.obstacle(to: hop, at: start + .seconds(seconds), pause: pause)
    }
    #expect(obstacle(hop("b"), 59) == "the network cannot be reached: gone")
    #expect(obstacle(local, 59) == nil)
    #expect(obstacle(hop("b"), 60) == nil)
    #expect(obstacle(hop("c"), 60) != nil)
    #expect(obstacle(hop("c"), 119) != nil)
    #expect(obstacle(hop("c"), 120) == nil)
  }

  @Test(
    "Where it is only likely, the next message is let through at once, and then one in each pause")
  func likely() {
    var outage = Outage()
    _ = outage.note(hop("a"), .likely, reason: "gone", at: start, pause: pause)
    _ = outage.note(hop("b"), .likely, reason: "gone", at: start, pause: pause)
    func isFree(_ name: String, _ seconds: Int) -> Bool {
      outage.obstacle(to: hop(name), at: start + .seconds(seconds), pause: pause) == nil
    }
    #expect(isFree("c", 0))
    #expect(!isFree("d", 0))
    #expect(!isFree("d", 59))
    #expect(isFree("d", 60))
  }

  @Test("A failure within the own network says nothing of the rest")
  func ownNetwork() {
    var outage = Outage()
    let isGone = outage.note(local, .certain, reason: "gone", at: start, pause: pause)
    #expect(!isGone)
    #expect(outage.reason == nil)
  }

  @Test("Where there is no network, nothing is asked or tried for whatever waits")
  func quiet() async throws {
    try await onLoop {
      let bed = try Bed(mxPort: 9)
      bed.relayer.settings.retry = [.seconds(3600)]
      bed.relayer.noteUnreachable(hop("x.example"), .certain, reason: "Network is unreachable")
      for number in 0..<100 { try await bed.put(to: "a@d\(number).example") }
      try await bed.run()
      #expect(bed.zone.questions.isEmpty)
      let files = try bed.files(in: "queue/cur")
      #expect(files.count == 100)
      #expect(
        files.allSatisfy { $0.contains("the network cannot be reached: Network is unreachable") })
    }
  }

  @Test(
    "That there is no way to an address of IPv6 is not certain to be the network's fault",
    arguments: [
      ("192.0.2.1", ENETUNREACH, "certain"), ("2001:db8::1", ENETUNREACH, "likely"),
      ("192.0.2.1", EHOSTUNREACH, "likely"), ("2001:db8::1", EHOSTUNREACH, "likely"),
      ("192.0.2.1", ECONNREFUSED, "nil"), ("2001:db8::1", ECONNREFUSED, "nil"),
    ])
  func evidence(address: String, code: Int32, text: String) throws {
    let place = HopAddress.Place.tcp(
      SocketAddress(try #require(IPAddress(address)), port: 25))
    let evidence = Outage.Evidence(SystemError(code: code, call: "connect"), at: place)
    #expect(evidence.map { "\($0)" } ?? "nil" == text)
  }

  @Test("Mail for a host that has IPv6 only does not have a machine without it think it is offline")
  func onlyIPv6() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      bed.relayer.patience.connect = .seconds(1)
      // An address of the discard prefix, which no machine has a way to (RFC 6666).
      bed.zone.add("six.example", mx: "mx.six.example")
      bed.zone.entries["mx.six.example"]?.v6 = [[1] + [UInt8](repeating: 0, count: 14) + [1]]
      bed.zone.add("four.example", mx: "mx.four.example", [127, 0, 0, 1])
      try await bed.put(to: "a@six.example")
      try await bed.run()
      #expect(bed.relayer.outage.reason == nil)
      try await bed.put(to: "a@four.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
    }
  }

  @Test("A name that does not exist ends no outage, and leaves the attempt to find out to the next")
  func noProof() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      bed.zone.add("far.example", mx: "mx.far.example", [127, 0, 0, 1])
      bed.relayer.noteUnreachable(hop("x.example"), .certain, reason: "gone")
      bed.relayer.skipped = .seconds(61)
      try await bed.put(to: "a@nowhere.example")
      try await bed.run()
      #expect(bed.relayer.outage.reason != nil)
      #expect(bed.names(in: "mail") == ["me"])
      try await bed.put(to: "a@far.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
      #expect(bed.relayer.outage.reason == nil)
    }
  }

  @Test("A message that has no turn yet does not take the attempt that is to find out")
  func turn() async throws {
    try await onLoop {
      let bed = try Bed(mxPort: 9)
      bed.relayer.settings.otherwise.interval = .seconds(600)
      let hop = Hop(
        description: "a.example", domain: "a.example", version: bed.relayer.settingsVersion,
        route: 0)
      _ = bed.relayer.turns.take(hop, interval: .seconds(600), at: bed.relayer.now)
      bed.relayer.noteUnreachable(self.hop("x.example"), .certain, reason: "gone")
      bed.relayer.skipped = .seconds(61)
      try await bed.put(to: "a@a.example")
      try await bed.run(until: { !bed.relayer.lines.keys.isEmpty })
      #expect(bed.relayer.lines.keys == [.hop(hop)])
      #expect(bed.relayer.outageObstacle(to: self.hop("b.example")) == nil)
    }
  }

  @Test("The first connection ends it, and all that waits is sent")
  func back() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      bed.relayer.noteUnreachable(hop("x.example"), .certain, reason: "gone")
      for number in 0..<10 {
        bed.zone.add("d\(number).example", mx: "mx\(number).example", [127, 0, 0, 1])
        try await bed.put(to: "a@d\(number).example")
      }
      try await bed.run(server)
      #expect(bed.names(in: "queue/cur").count == 10)
      #expect(server.connections == 0)
      bed.relayer.skipped = .seconds(61)
      bed.zone.add("new.example", mx: "mx.new.example", [127, 0, 0, 1])
      try await bed.put(to: "a@new.example")
      try await bed.run(server, until: { server.messages.count == 11 })
      #expect(bed.relayer.outage.reason == nil)
    }
  }
}
