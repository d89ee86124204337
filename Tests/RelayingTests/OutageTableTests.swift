import Platform
import Testing

@testable import Relaying
@testable import Spool

/// What happens, as the table of docs/decisions/0010-outages.md has it.
enum OutageEvent: Sendable {
  /// No server of the destination was reached; the surroundings are as told.
  case unreached(String, route: Bool = true, names: Bool = true)
  /// A server of the destination was reached.
  case reached(String, route: Bool = true)
  /// A message for the destination wants to leave.
  case wants(String)
  /// A name server answers anybody.
  case answered
  /// It is time to find out, and the surroundings say that it is not over.
  case looked
  /// So many seconds pass.
  case wait(Int)
}

@Suite("Whether mail can leave at all: events and states") struct OutageTableTests {
  private static func hop(_ name: String) -> Hop {
    switch name {
    case "smarthost":
      Hop(
        description: name, domain: nil, version: 0,
        server: .smtp(host: "smtp.isp.example", port: 25, isImplicitTLS: false))
    case "lan":
      Hop(
        description: name, domain: nil, version: 0,
        server: .smtp(host: "192.168.1.1", port: 25, isImplicitTLS: false))
    default: Hop(description: name, domain: name, version: 0)
    }
  }

  /// A row: what happens, and what it comes to: `online`, `offline`, `sent`, `held`, the destination that finds out, or
  /// what has ended.
  typealias Row = (OutageEvent, String)

  private static func run(_ rows: [Row]) {
    var outage = Outage()
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var ids: [QueueID: String] = [:]
    func id(_ name: String) -> QueueID {
      let id = QueueID(
        microseconds: 1_800_000_000_000_000,
        counter: UInt32(name.utf8.reduce(0) { $0 * 3 + Int($1) }))
      ids[id] = name
      return id
    }
    for (number, (event, expected)) in rows.enumerated() {
      var result = ""
      switch event {
      case .unreached(let name, let route, let names):
        _ = outage.note(
          unreached: hop(name), with: id(name), .init(hasRoute: route, hasNameServer: names),
          at: now)
      case .reached(let name, let route):
        if let end = outage.note(reached: hop(name), at: now, hasRoute: { route }) {
          result = "\(end)"
        }
      case .wants(let name): result = outage.holds(hop(name), id(name), at: now) ? "held" : "sent"
      case .looked:
        result = "nobody"
        outage.probe(at: now, cap: .seconds(60)) { _, id in
          result = ids[id] ?? "?"
          return true
        }
      case .answered: outage.finish()
      case .wait(let seconds): now = now + .seconds(seconds)
      }
      if result.isEmpty {
        result = outage.cause.map { $0 == .noRoute ? "offline" : "no names" } ?? "online"
      }
      #expect(result == expected, "row \(number + 1)")
    }
  }

  @Test(
    "What happens to one destination, or to many, is held against no other while there is a default route"
  )
  func hints() {
    Self.run(
      [(.unreached("bad"), "online"), (.unreached("worse"), "online"), (.wants("good"), "sent")]
        + (0..<300).map { (.unreached("d\($0)"), "online") } + [(.wants("good"), "sent")])
  }

  @Test(
    "No default route holds mail for exchangers, and not that for a server that the admin has named"
  )
  func noRoute() {
    Self.run([
      (.unreached("a", route: false), "offline"), (.wants("b"), "held"), (.wants("a"), "held"),
      (.wants("smarthost"), "sent"), (.wants("lan"), "sent"),
    ])
  }

  @Test("What is in the own network says nothing of the rest, up or down")
  func ownNetwork() {
    Self.run([
      (.unreached("lan", route: false), "online"), (.unreached("a", route: false), "offline"),
      (.reached("lan", route: false), "offline"),
    ])
  }

  @Test(
    "A server that the admin has named, on a link or with a route of its own, is reached without a default route"
  )
  func ownRoute() {
    Self.run([
      (.unreached("a", route: false), "offline"), (.reached("smarthost", route: false), "offline"),
      (.wants("b"), "held"), (.reached("smarthost"), "outage"),
    ])
    // It was that server which was missed.
    Self.run([
      (.unreached("smarthost", route: false), "offline"),
      (.reached("smarthost", route: false), "outage"),
      (.unreached("smarthost", route: false), "online"),
    ])
  }

  @Test("Silent name servers hold mail for names, and not that for an address")
  func noNames() {
    Self.run([
      (.unreached("a", names: false), "no names"), (.wants("b"), "held"),
      (.wants("[192.0.2.1]"), "sent"), (.wants("smarthost"), "sent"),
    ])
    // A missing route explains more.
    Self.run([
      (.unreached("a", route: false, names: false), "offline"), (.wants("[192.0.2.1]"), "held"),
    ])
  }

  @Test("Any success ends it, and is told once")
  func success() {
    Self.run([
      (.unreached("a", route: false), "offline"), (.reached("b"), "outage"),
      (.reached("b"), "online"),
      (.wants("a"), "sent"),
    ])
  }

  @Test("Only an answer ends the silence of the name servers: a server that is reached needed none")
  func answer() {
    Self.run([
      (.unreached("a", names: false), "no names"), (.reached("smarthost"), "no names"),
      (.reached("b"), "no names"), (.wants("c"), "held"), (.answered, "online"),
      (.wants("c"), "sent"),
    ])
  }

  @Test("Those find out first that were not tried, in turn; what caused it comes last")
  func probes() {
    Self.run([
      (.unreached("bad", route: false), "offline"), (.wants("x"), "held"), (.wants("y"), "held"),
      (.wait(2), "offline"), (.looked, "x"), (.wants("y"), "held"), (.wants("x"), "sent"),
      (.unreached("x", route: false), "offline"), (.wait(4), "offline"), (.looked, "y"),
      (.wants("y"), "sent"), (.unreached("y", route: false), "offline"), (.wait(8), "offline"),
      (.looked, "bad"), (.wait(16), "offline"), (.looked, "x"),
    ])
  }

  @Test("A new destination finds out by itself when it is time to; one that was tried does not")
  func newcomers() {
    Self.run([
      (.unreached("bad", route: false), "offline"), (.wait(1), "offline"), (.wants("new"), "held"),
      (.wait(1), "offline"), (.wants("bad"), "held"), (.wants("new"), "sent"),
      (.wants("next"), "held"),
      (.wait(2), "offline"), (.wants("next"), "sent"),
    ])
  }

  @Test(
    "In a network that is closed mail leaves without a default route, and a bad destination holds up nothing"
  )
  func closed() {
    Self.run([
      (.unreached("far", route: false), "offline"), (.wants("near"), "held"), (.looked, "near"),
      (.wants("near"), "sent"), (.reached("near", route: false), "outage"),
      (.unreached("far", route: false), "online"), (.wants("near"), "sent"),
      // Name servers count there, too.
      (.unreached("far", route: false, names: false), "no names"),
      (.answered, "online"),
      // It was opened, and its line goes down.
      (.unreached("far"), "online"), (.unreached("far", route: false), "offline"),
    ])
  }

  @Test(
    "After some minutes without any success, by several destinations, the first success has all tried"
  )
  func silence() {
    Self.run([
      (.unreached("a"), "online"), (.unreached("b"), "online"), (.wait(299), "online"),
      (.reached("c"), "online"), (.unreached("a"), "online"), (.unreached("b"), "online"),
      (.wait(300), "online"), (.reached("c"), "silence"),
    ])
    Self.run([
      (.unreached("a"), "online"), (.unreached("a"), "online"), (.wait(900), "online"),
      (.reached("c"), "online"),
    ])
  }

  @Test("The pauses grow from two seconds up to their limit")
  func pauses() {
    var outage = Outage()
    var now = Instant(nanoseconds: 0)
    let id = QueueID(microseconds: 1_800_000_000_000_000, counter: 1)
    _ = outage.note(
      unreached: Self.hop("a"), with: id, .init(hasRoute: false, hasNameServer: true), at: now)
    var pauses: [Int64] = []
    for _ in 0..<7 {
      pauses.append((outage.nextProbe - now).wholeSeconds)
      now = outage.nextProbe
      outage.probe(at: now, cap: .seconds(60)) { _, _ in false }
    }
    #expect(pauses == [2, 4, 8, 16, 32, 60, 60])
  }

  @Test("However many destinations wait, no more of them are remembered than the limit says")
  func limits() {
    var outage = Outage()
    let now = Instant(nanoseconds: 0)
    let id = QueueID(microseconds: 1_800_000_000_000_000, counter: 1)
    for number in 0..<1000 {
      _ = outage.note(
        unreached: Self.hop("t\(number)"), with: id, .init(hasRoute: false, hasNameServer: true),
        at: now)
      _ = outage.holds(Self.hop("w\(number)"), id, at: now)
    }
    var count = 0
    outage.probe(at: now, cap: .seconds(60)) { _, _ in
      count += 1
      return false
    }
    #expect(count == Limits.outageMessages)
  }
}
