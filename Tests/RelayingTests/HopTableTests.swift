import Platform
import Testing

@testable import Relaying

/// A place for a value that the expectations may change.
private final class Box {
  var value = HopTable()

  func take(_ hop: Hop) -> Bool { value.takePlace(hop) }

  func fail(_ hop: Hop, _ reason: String, at now: Instant) -> Bool {
    value.noteFailure(hop, reason: reason, at: now, pause: .seconds(60))
  }
}

@Suite struct HopTableTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)
  private let hop = Hop(description: "far.example", domain: "far.example", version: 0)

  private func hop(_ number: Int) -> Hop {
    Hop(description: "d\(number)", domain: "d\(number)", version: 0)
  }

  @Test(
    "Until a server has answered a message there is one place, then there are as many as the limit says"
  )
  func places() {
    let table = Box()
    #expect(table.take(hop))
    #expect(!table.take(hop))
    table.value.noteUse(hop)
    for _ in 1..<Limits.connectionsPerHop { #expect(table.take(hop)) }
    #expect(!table.take(hop))
    table.value.freePlace(hop)
    #expect(table.take(hop))
    for _ in 0..<Limits.connectionsPerHop { table.value.freePlace(hop) }
    // A server may close after each message, and takes the next five all the same.
    #expect(table.take(hop) && table.take(hop))
    for _ in 0..<2 { table.value.freePlace(hop) }
    table.value.forgetUse()
    #expect(table.take(hop))
    #expect(!table.take(hop))
  }

  @Test(
    "After a change of the settings a destination that was mute before has no second connection")
  func changedSettings() {
    let table = Box()
    #expect(table.take(hop))
    let underOtherSettings = Hop(description: "far.example", domain: "far.example", version: 1)
    #expect(!table.take(underOtherSettings))
    table.value.freePlace(hop)
    #expect(table.take(underOtherSettings))
  }

  @Test("Each destination has its own places, up to a limit for all")
  func total() {
    let table = Box()
    for number in 0..<Limits.connections { #expect(table.take(hop(number))) }
    #expect(!table.take(hop))
    table.value.freePlace(hop(3))
    table.value.freePlace(hop(3))
    #expect(table.take(hop))
    #expect(!table.take(hop(3)))
  }

  @Test("A server that is down is left alone for the pause, and no longer")
  func pause() {
    let table = Box()
    #expect(table.take(hop))
    #expect(table.fail(hop, "refused", at: start))
    table.value.freePlace(hop)
    #expect(table.value.obstacle(to: hop, at: start + .seconds(59)) == "refused")
    #expect(table.value.obstacle(to: hop, at: start + .seconds(60)) == nil)
    // While one looks whether it still is, it counts as such.
    #expect(table.take(hop))
    #expect(table.value.obstacle(to: hop, at: start + .seconds(60)) == "refused")
    #expect(table.value.obstacle(to: hop(1), at: start) == nil)
    let underOtherSettings = Hop(description: "far.example", domain: "far.example", version: 1)
    #expect(table.value.obstacle(to: underOtherSettings, at: start) == nil)
    table.value.noteUse(hop)
    #expect(table.value.obstacle(to: hop, at: start) == nil)
  }

  @Test(
    "A server that refuses one more session is not down, and is asked for no more than it takes")
  func tooMany() {
    let table = Box()
    #expect(table.take(hop))
    table.value.noteUse(hop)
    #expect(table.take(hop))
    #expect(table.take(hop))
    #expect(!table.fail(hop, "421 too many", at: start))
    table.value.freePlace(hop)
    #expect(table.value.obstacle(to: hop, at: start) == nil)
    #expect(!table.take(hop))
    // With the last of its sessions the limit is forgotten.
    table.value.freePlace(hop)
    table.value.freePlace(hop)
    #expect(table.take(hop))
  }

  @Test("The only session that is left and breaks says that the server is down")
  func lastOne() {
    let table = Box()
    #expect(table.take(hop))
    table.value.noteUse(hop)
    #expect(table.fail(hop, "421", at: start))
  }

  @Test("Only so many failures are remembered, and the one that ends first makes room")
  func bound() {
    let table = Box()
    for number in 0...Limits.deadHops {
      _ = table.value.noteFailure(
        hop(number), reason: String(repeating: "x", count: 10_000), at: start,
        pause: .seconds(10 + number))
    }
    #expect(table.value.obstacle(to: hop(0), at: start) == nil)
    for number in 1...Limits.deadHops {
      let reason = table.value.obstacle(to: hop(number), at: start)
      #expect(reason?.utf8.count ?? .max <= Limits.reasonBytes)
    }
  }
}
