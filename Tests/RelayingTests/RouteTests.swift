import EventLoop
import Mail
import Platform
import TestSupport
import Testing

@testable import Relaying
@testable import Spool

@Suite("Where a message goes") struct RouteTests {
  /// The route in words, or why there is none.
  @Loop
  private func route(_ bed: Bed, to domain: String) async throws -> String {
    let names = try bed.zone.makeServer()
    var result = ""
    try await serving([names]) {
      let message = QueuedMessage(
        name: MessageFileName(
          id: QueueID(seconds: 1, unique: 1), bytes: 1, wireBytes: 1),
        in: .new)
      let delivery = MessageDelivery(message, relayer: bed.relayer)
      let server = bed.relayer.settings.otherwise.servers.first
      // As it is kept: names beyond ASCII have their ASCII form.
      let name = Domain(ArraySlice(domain.utf8), allowsUTF8: true)?.text ?? domain
      let hop = Hop(
        description: domain, domain: server == nil ? name : nil, version: 0, route: 0,
        server: server)
      do throws(HopFailure) {
        let route = try await delivery.route(to: hop)
        result = route.map { "\($0.host)=\($0.address)" }.joined(separator: " ")
      } catch {
        let kind = error.isPermanent ? "permanent" : "temporary"
        result = "\(kind) \(error.diagnosis.status.text)"
      }
    }
    return result
  }

  @Test("Exchangers are tried in the order of their preference, each with all its addresses")
  func order() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.zone.add("far.example", mx: "c.example", preference: 30, [192, 0, 2, 3])
      bed.zone.add("far.example", mx: "a.example", preference: 5, [192, 0, 2, 1], [192, 0, 2, 11])
      bed.zone.add("far.example", mx: "b.example", preference: 20, [192, 0, 2, 2])
      #expect(
        try await route(bed, to: "far.example")
          == "a.example=192.0.2.1:25 a.example=192.0.2.11:25 b.example=192.0.2.2:25 "
          + "c.example=192.0.2.3:25")
    }
  }

  @Test("Equals are tried in random order, and stay between those before and after them")
  func random() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.zone.add("far.example", mx: "first.example", preference: 5, [192, 0, 2, 1])
      for number in UInt8(2)...4 {
        bed.zone.add("far.example", mx: "m\(number).example", [192, 0, 2, number])
      }
      bed.zone.add("far.example", mx: "last.example", preference: 20, [192, 0, 2, 9])
      var seen: Set<String> = []
      for _ in 0..<60 {
        let route = try await route(bed, to: "far.example")
        #expect(route.hasPrefix("first.example=") && route.contains("last.example=192.0.2.9:25"))
        seen.insert(route)
      }
      // That one of six orders is all there is in sixty has a chance of 1 in 6^59.
      #expect(seen.count > 1 && seen.count <= 6)
    }
  }

  @Test("A host has IPv6 and IPv4 take turns, so that one of each is among the first")
  func families() async throws {
    try await onLoop {
      let bed = try Bed()
      let v6 = (UInt8(1)...3).map {
        [0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [$0]
      }
      bed.zone.add("far.example", mx: "a.example", [192, 0, 2, 1])
      bed.zone.entries["a.example"]?.v6 = v6
      #expect(
        try await route(bed, to: "far.example")
          == "a.example=[2001:db8::1]:25 a.example=192.0.2.1:25 a.example=[2001:db8::2]:25 "
          + "a.example=[2001:db8::3]:25")
    }
  }

  private static let loopback = [UInt8](repeating: 0, count: 15) + [1]

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var domain = "far.example"
    var entries: [String: Zone.Entry] = [:]
    var route: String
  }

  @Test(
    "Every answer of the DNS has its meaning",
    arguments: [
      Case(
        testDescription: "no MX: the domain is its own",
        entries: ["far.example": .init(v4: [[192, 0, 2, 7]])],
        route: "far.example=192.0.2.7:25"),
      Case(testDescription: "no such domain", route: "permanent 5.1.2"),
      Case(
        testDescription: "null MX", entries: ["far.example": .init(exchangers: [(0, "")])],
        route: "permanent 5.1.10"),
      Case(
        testDescription: "null MX beside another",
        entries: [
          "far.example": .init(exchangers: [(0, ""), (10, "a.example")]),
          "a.example": .init(v4: [[192, 0, 2, 1]]),
        ], route: "a.example=192.0.2.1:25"),
      Case(
        testDescription: "SERVFAIL for the MX",
        entries: ["far.example": .init(v4: [[192, 0, 2, 7]], failing: [Zone.mx])],
        route: "temporary 4.4.3"),
      Case(
        testDescription: "SERVFAIL for all addresses",
        entries: ["far.example": .init(failing: [Zone.a, Zone.aaaa])], route: "temporary 4.4.3"),
      Case(
        testDescription: "SERVFAIL for IPv6 only",
        entries: ["far.example": .init(v4: [[192, 0, 2, 7]], failing: [Zone.aaaa])],
        route: "far.example=192.0.2.7:25"),
      Case(
        testDescription: "SERVFAIL for one of two exchangers",
        entries: [
          "far.example": .init(exchangers: [(5, "a.example"), (10, "b.example")]),
          "a.example": .init(failing: [Zone.a, Zone.aaaa]),
          "b.example": .init(v4: [[192, 0, 2, 2]]),
        ], route: "b.example=192.0.2.2:25"),
      Case(
        testDescription: "a domain without MX and address", entries: ["far.example": .init()],
        route: "permanent 5.1.2"),
      Case(
        testDescription: "exchangers without address",
        entries: [
          "far.example": .init(exchangers: [(5, "a.example"), (10, "gone.example")]),
          "a.example": .init(),
        ], route: "temporary 4.4.4"),
      Case(
        testDescription: "this host among the exchangers",
        entries: [
          "far.example": .init(
            exchangers: [
              (5, "a.example"), (10, "GW.home.example"), (10, "b.example"), (20, "c.example"),
            ]
          ),
          "a.example": .init(v4: [[192, 0, 2, 1]]), "b.example": .init(v4: [[192, 0, 2, 2]]),
          "c.example": .init(v4: [[192, 0, 2, 3]]), "gw.home.example": .init(v4: [[127, 0, 0, 1]]),
        ], route: "a.example=192.0.2.1:25"),
      Case(
        testDescription: "this host as the best exchanger",
        entries: ["far.example": .init(exchangers: [(5, "gw.home.example"), (10, "b.example")])],
        route: "permanent 5.4.6"),
      Case(
        testDescription: "an address literal", domain: "[192.0.2.9]",
        route: "192.0.2.9=192.0.2.9:25"),
      Case(
        testDescription: "an IPv6 literal", domain: "[IPv6:2001:db8::9]",
        route: "2001:db8::9=[2001:db8::9]:25"),
      Case(testDescription: "no domain", domain: "", route: "permanent 5.1.2"),
      Case(
        testDescription: "an exchanger at the loopback",
        entries: [
          "far.example": .init(exchangers: [(5, "a.example")]),
          "a.example": .init(v4: [[127, 0, 0, 1], [127, 9, 9, 9]], v6: [loopback]),
        ], route: "permanent 5.4.6"),
      Case(
        testDescription: "an exchanger at no address",
        entries: [
          "far.example": .init(exchangers: [(5, "a.example")]),
          "a.example": .init(v4: [[0, 0, 0, 0]], v6: [[UInt8](repeating: 0, count: 16)]),
        ], route: "permanent 5.4.6"),
      Case(
        testDescription: "one exchanger at the loopback, and a good one",
        entries: [
          "far.example": .init(exchangers: [(5, "a.example"), (10, "b.example")]),
          "a.example": .init(v4: [[127, 0, 0, 1]]), "b.example": .init(v4: [[192, 0, 2, 2]]),
        ], route: "b.example=192.0.2.2:25"),
      Case(
        testDescription: "a domain that is its own exchanger, at the loopback",
        entries: ["far.example": .init(v4: [[127, 0, 0, 1]])], route: "permanent 5.4.6"),
      Case(
        testDescription: "a literal of the loopback", domain: "[127.0.0.1]",
        route: "permanent 5.1.2"),
      Case(
        testDescription: "a literal of no address", domain: "[IPv6:::]", route: "permanent 5.1.2"),
      Case(
        testDescription: "a name beyond ASCII", domain: "b\u{FC}cher.example",
        entries: [
          "xn--bcher-kva.example": .init(exchangers: [(5, "a.example")]),
          "a.example": .init(v4: [[192, 0, 2, 1]]),
        ], route: "a.example=192.0.2.1:25"),
    ])
  func meaning(of answer: Case) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.zone.entries = answer.entries
      #expect(try await route(bed, to: answer.domain) == answer.route)
    }
  }

  @Test(
    "A smarthost is reached by name or address, and whatever is wrong with it may pass",
    arguments: [
      ("192.0.2.5", "192.0.2.5=192.0.2.5:2525"), ("2001:db8::5", "2001:db8::5=[2001:db8::5]:2525"),
      ("smart.example", "smart.example=192.0.2.6:2525"), ("gone.example", "temporary 4.4.4"),
      ("empty.example", "temporary 4.4.4"), ("broken.example", "temporary 4.4.3"),
      ("not..a.name", "temporary 4.4.3"),
    ])
  func smarthost(host: String, expected: String) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.relayer.settings.smarthost = .init(
        host: host, port: 2525, isImplicitTLS: false, credentials: nil)
      // Its MX does not count.
      bed.zone.add("smart.example", mx: "other.example", [192, 0, 2, 99])
      bed.zone.entries["smart.example"]?.v4 = [[192, 0, 2, 6]]
      bed.zone.entries["empty.example"] = .init()
      bed.zone.entries["broken.example"] = .init(failing: [Zone.a, Zone.aaaa])
      #expect(try await route(bed, to: "far.example") == expected)
    }
  }

  @Test("The next address is tried when one is dead, and the next exchanger when one has no time")
  func deadFirst() async throws {
    try await onLoop {
      let good = try NextServer("127.0.0.3")
      let busy = try NextServer("127.0.0.2", port: good.address.port)
      busy.greeting = "421 4.3.2 busy"
      let bed = try Bed(mxPort: good.address.port)
      bed.zone.add("far.example", mx: "a.example", preference: 5, [127, 0, 0, 4], [127, 0, 0, 2])
      bed.zone.add("far.example", mx: "b.example", preference: 10, [127, 0, 0, 3])
      try await bed.put(to: "ann@far.example")
      try await bed.run(good, busy)
      #expect(busy.connections == 1)
      #expect(good.messages.count == 1)
    }
  }

  @Test("A message for several domains goes to each, and what one does keeps nothing from another")
  func severalDomains() async throws {
    try await onLoop {
      let one = try NextServer("127.0.0.2")
      let two = try NextServer("127.0.0.3", port: one.address.port)
      let bed = try Bed(mxPort: one.address.port)
      bed.zone.add("one.example", mx: "mx.one.example", [127, 0, 0, 2])
      bed.zone.add("two.example", mx: "mx.two.example", [127, 0, 0, 3])
      bed.zone.entries["dead.example"] = .init(failing: [Zone.mx])
      try await bed.put(
        to: "a@one.example", "b@dead.example", "c@two.example", "d@one.example", "e@gone.example")
      try await bed.run(one, two)
      #expect(one.messages.map(\.recipients) == [["<a@one.example>", "<d@one.example>"]])
      #expect(two.messages.map(\.recipients) == [["<c@two.example>"]])
      #expect(
        try bed.envelope().filter { $0.hasPrefix("To:") } == [
          "To: + <a@one.example>", "To: - <b@dead.example>", "To: + <c@two.example>",
          "To: + <d@one.example>", "To: ! <e@gone.example>",
        ])
    }
  }
}
