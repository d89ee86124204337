import EventLoop
import Glibc
import Mail
import Network
import Platform
import TestSupport
import Testing

@testable import DNS
@testable import Relaying
@testable import Spool

@Suite("Whether mail can leave at all: the relayer") struct OutageTests {
  private func hop(_ name: String) -> Hop { Hop(description: name, domain: name, version: 0) }
  private let id = QueueID(microseconds: 1_800_000_000_000_000, counter: 1)

  /// Puts off what finds out whether an outage is over, however busy the machine is.
  private static let longBefore: Duration = .seconds(-3600)

  /// Takes the default route away, as an attempt finds out.
  @Loop
  private func goOffline(_ bed: Bed) async {
    bed.surroundings = Surroundings(own: [], gateways: [], hasWayOut: false)
    await bed.relayer.noteUnreached(hop("x.example"), id, isNameServer: false, since: .now)
  }

  @Test("Where there is no network, nothing is asked or tried for whatever waits")
  func quiet() async throws {
    try await onLoop {
      let bed = try Bed(mxPort: 9)
      await goOffline(bed)
      bed.relayer.skipped = Self.longBefore
      for number in 0..<100 { try await bed.put(to: "a@d\(number).example") }
      try await bed.run()
      #expect(bed.zone.questions.isEmpty)
      let files = try bed.files(in: "queue/cur")
      #expect(files.count == 100)
      #expect(
        files.allSatisfy {
          $0.contains("the network cannot be reached: this machine has no default route")
        })
      #expect(bed.relayer.troubles.standing.map(\.subject) == ["network"])
    }
  }

  @Test(
    "When the default route is there again, all that waits is sent, and no new mail is needed for it"
  )
  func back() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      await goOffline(bed)
      bed.relayer.skipped = Self.longBefore
      for number in 0..<10 {
        bed.zone.add("d\(number).example", mx: "mx\(number).example", [127, 0, 0, 1])
        try await bed.put(to: "a@d\(number).example")
      }
      try await bed.run(server)
      #expect(bed.names(in: "queue/cur").count == 10)
      #expect(server.connections == 0)
      bed.surroundings = Surroundings(own: [], gateways: [])
      bed.relayer.skipped = .seconds(61)
      try await bed.run(server, until: { server.messages.count == 10 })
      #expect(bed.relayer.outage.cause == nil)
      #expect(bed.relayer.troubles.standing == [])
    }
  }

  @Test(
    "An exchanger at an address that no host has is not tried, the mail returns, and other mail goes on",
    arguments: [
      [224, 0, 0, 1], [255, 255, 255, 255], [240, 0, 0, 1], [0, 1, 2, 3], [239, 255, 0, 1],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 224, 0, 0, 1],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255],
      [255, 2] + [UInt8](repeating: 0, count: 13) + [1], [UInt8](repeating: 0, count: 16),
      [254, 128] + [UInt8](repeating: 0, count: 13) + [1],
    ] as [[UInt8]])
  func nobody(address: [UInt8]) async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      // However many there are of them.
      for number in 0..<3 {
        bed.zone.add("bad\(number).example", mx: "mx.bad.example")
        try await bed.put(to: "a@bad\(number).example")
      }
      bed.zone.entries["mx.bad.example"]?.v4 = address.count == 4 ? [address] : []
      bed.zone.entries["mx.bad.example"]?.v6 = address.count == 16 ? [address] : []
      bed.zone.add("good.example", mx: "mx.good.example", [127, 0, 0, 1])
      try await bed.put(to: "a@good.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
      #expect(bed.names(in: "queue/cur") == [])
      let reports = try bed.files(in: "mail/me/new")
      #expect(reports.count == 3)
      #expect(reports.allSatisfy { $0.contains("Status: 5.4.4") })
      #expect(bed.relayer.outage.cause == nil)
    }
  }

  @Test("An address that no host has is passed over for one that a host has")
  func otherAddress() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      bed.zone.add(
        "far.example", mx: "a.far.example", preference: 1, [224, 0, 0, 1], [255, 255, 255, 255])
      bed.zone.add("far.example", mx: "b.far.example", preference: 2, [127, 0, 0, 1])
      try await bed.put(to: "a@far.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
    }
  }

  @Test("Nothing is given up where the address of another exchanger is not known")
  func unknownAddress() async throws {
    try await onLoop {
      let bed = try Bed(mxPort: 9)
      bed.zone.add("far.example", mx: "a.far.example", preference: 1, [224, 0, 0, 1])
      bed.zone.add("far.example", mx: "b.far.example", preference: 2, [127, 0, 0, 1])
      bed.zone.entries["b.far.example"]?.failing = [Zone.a, Zone.aaaa]
      try await bed.put(to: "a@far.example")
      try await bed.run()
      #expect(try bed.file(in: "queue/cur").contains("Looking up b.far.example"))
    }
  }

  @Test("Mail for the broadcast of a link waits, since only our netmask makes it one")
  func broadcast() async throws {
    try await onLoop {
      let bed = try Bed(mxPort: 9)
      let broadcast = try #require(IPAddress("192.168.7.255"))
      bed.relayer.links = SurroundingsCache {
        Surroundings(own: [], gateways: [], broadcasts: [broadcast])
      }
      bed.zone.add("far.example", mx: "mx.far.example", [192, 168, 7, 255])
      try await bed.put(to: "a@far.example", "b@[192.168.7.255]")
      try await bed.run()
      let file = try bed.file(in: "queue/cur")
      #expect(file.contains("[192.168.7.255] is not the address of a host"))
      #expect(try bed.envelope().filter { $0.hasPrefix("To:") }.count == 2)
    }
  }

  @Test("Twelve domains whose name servers are silent delay no other mail")
  func silentDomains() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port, patience: Self.impatient)
      for number in 0..<12 {
        bed.zone.entries["dead\(number).example"] = Zone.Entry(isSilent: true)
        try await bed.put(to: "a@dead\(number).example")
      }
      try await bed.run(server)
      #expect(bed.names(in: "queue/cur").count == 12)
      #expect(bed.relayer.outage.cause == nil)
      // They were not the only ones to ask.
      #expect(bed.zone.questions.contains(" NS"))
      bed.zone.add("good.example", mx: "mx.good.example", [127, 0, 0, 1])
      try await bed.put(to: "a@good.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
    }
  }

  @Test("Name servers that answer nothing hold the mail, and have it sent when they answer")
  func silentServers() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port, patience: Self.impatient)
      bed.zone.isSilent = true
      bed.zone.add("one.example", mx: "mx.one.example", [127, 0, 0, 1])
      bed.zone.add("two.example", mx: "mx.two.example", [127, 0, 0, 1])
      try await bed.put(to: "a@one.example")
      try await bed.run(server)
      #expect(bed.relayer.outage.cause == .noNameServer)
      let asked = bed.zone.questions.count
      bed.relayer.skipped = Self.longBefore
      try await bed.put(to: "a@two.example")
      try await bed.run(server)
      #expect(bed.zone.questions.count == asked)
      bed.zone.isSilent = false
      bed.relayer.skipped = .seconds(61)
      try await bed.run(server, until: { server.messages.count == 2 })
      #expect(bed.relayer.outage.cause == nil)
    }
  }

  /// Servers on this machine answer at once, and their silence need not be waited for; but a busy machine has time.
  private static let impatient = Resolver.Patience(
    tries: [.seconds(2)], turn: .seconds(2), total: .seconds(2), control: .seconds(2))

  @Test("A name that does not exist ends no outage, and leaves the attempt to find out to the next")
  func noProof() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      bed.zone.add("far.example", mx: "mx.far.example", [127, 0, 0, 1])
      await goOffline(bed)
      bed.relayer.skipped = .seconds(61)
      try await bed.put(to: "a@nowhere.example")
      try await bed.run()
      #expect(bed.relayer.outage.cause != nil)
      #expect(bed.names(in: "mail") == ["me"])
      try await bed.put(to: "a@far.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
      #expect(bed.relayer.outage.cause == nil)
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
      await goOffline(bed)
      bed.relayer.skipped = .seconds(61)
      try await bed.put(to: "a@a.example")
      try await bed.run(until: { !bed.relayer.lines.keys.isEmpty })
      #expect(bed.relayer.lines.keys == [.hop(hop)])
      #expect(bed.relayer.outageObstacle(to: self.hop("b.example"), id) == nil)
    }
  }

  @Test(
    "A server of the admin's in the own network is reached without a default route, and ends no outage"
  )
  func ownServer() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      await goOffline(bed)
      try await bed.put(to: "a@far.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
      #expect(bed.relayer.outage.cause != nil)
    }
  }
}
