import Platform
import Testing

@testable import Grants

@Suite struct GrantTableTests {
  private let start = GrantTime(boot: Instant(nanoseconds: 1_000_000_000_000), wall: 1_700_000_000)
  private let phone = IPAddress(v4: 0xC0A8_0105)

  private func later(_ duration: Duration) -> GrantTime {
    GrantTime(boot: start.boot + duration, wall: start.wall + duration.wholeSeconds)
  }

  private func grant(
    _ address: IPAddress, _ user: String, _ window: Duration = .seconds(900),
    at now: GrantTime? = nil
  ) -> Grant {
    let now = now ?? start
    return Grant(
      address: address, user: user, how: "USER", made: now.wall, end: now.boot + window)
  }

  private func living(_ table: GrantTable, _ address: IPAddress, at now: GrantTime) -> Grant? {
    table.living(at: now) { $0.address == address }.first
  }

  @Test("A grant lives for its window and not a moment longer, whether anyone cleans up or not")
  func window() {
    var table = GrantTable()
    let (isNew, _) = table.give(grant(phone, "alice"), at: start)
    #expect(isNew)
    #expect(living(table, phone, at: later(.seconds(899)))?.user == "alice")
    #expect(living(table, phone, at: later(.seconds(900))) == nil)
    #expect(living(table, IPAddress(v4: 0xC0A8_0106), at: start) == nil)
  }

  @Test("Another login keeps one line and its first time, and forgets what was sent")
  func again() {
    var table = GrantTable()
    var first = grant(phone, "alice")
    first.sent = Grant.Sent(messages: 3, recipients: 7)
    _ = table.set(first, at: start)
    let now = later(.seconds(600))
    let (isNew, _) = table.give(grant(phone, "alice", at: now), at: now)
    #expect(!isNew)
    #expect(table.grants.count == 1)
    #expect(table.grants[0].made == start.wall)
    #expect(table.grants[0].sent == Grant.Sent())
    #expect(living(table, phone, at: later(.seconds(1400))) != nil)
  }

  @Test("A grant that has ended is remembered for a while, and a login there makes a new one")
  func past() {
    var table = GrantTable()
    _ = table.give(grant(phone, "alice"), at: start)
    #expect(table.past(at: later(.seconds(899))) { $0.address == phone }.isEmpty)
    #expect(table.past(at: later(.seconds(900))) { $0.address == phone }.map(\.user) == ["alice"])
    let long = GrantTable.memory + .seconds(900)
    #expect(table.past(at: later(long - .seconds(1))) { $0.address == phone }.count == 1)
    #expect(table.past(at: later(long)) { $0.address == phone }.isEmpty)
    let now = later(.seconds(2000))
    let (isNew, _) = table.give(grant(phone, "alice", at: now), at: now)
    #expect(isNew)
    #expect(table.grants.map(\.made) == [now.wall])
    table.removeForgotten(at: later(.seconds(2900) + GrantTable.memory))
    #expect(table.grants == [])
  }

  @Test("A phone does not revoke the PC, and one user cannot fill the table")
  func bounds() {
    var table = GrantTable()
    for host in 0..<100 {
      let address = IPAddress(v4: 0x0A00_0000 + UInt32(host))
      let (_, displaced) = table.give(grant(address, "alice", .seconds(900 + host)), at: start)
      // That which would have ended first.
      #expect(
        displaced?.grant.address
          == (host < 16 ? nil : IPAddress(v4: 0x0A00_0000 + UInt32(host - 16))))
      #expect(displaced?.isOfUser != false)
    }
    #expect(table.living(at: start) { _ in true }.count == 16)
    #expect(living(table, IPAddress(v4: 0x0A00_0063), at: start) != nil)
    // Those that were pushed out are remembered.
    #expect(table.past(at: start) { _ in true }.count == 84)
    var displaced: [GrantTable.Displaced] = []
    for host in 0..<2000 {
      let address = IPAddress(v4: 0x0B00_0000 + UInt32(host))
      let (_, one) = table.give(grant(address, "u\(host)", .seconds(900 + host)), at: start)
      if let one { displaced.append(one) }
    }
    #expect(table.living(at: start) { _ in true }.count == 1024)
    #expect(displaced.count == 2000 - 1024 + 16)
    #expect(displaced.allSatisfy { !$0.isOfUser })
    #expect(table.past(at: start) { _ in true }.count == 1024)
    #expect(living(table, IPAddress(v4: 0x0B00_07CF), at: start) != nil)
  }

  @Test("Lower limits hold for those that are alive")
  func lowerLimits() {
    var table = GrantTable()
    for host in 0..<UInt32(40) {
      let user = host < 10 ? "alice" : "u\(host)"
      _ = table.give(
        grant(IPAddress(v4: 0x0A00_0000 + host), user, .seconds(Int(900 + host))), at: start)
    }
    table.limits = GrantRules.Limits(total: 20, perUser: 2)
    let displaced = table.keepLimits(at: start)
    #expect(displaced.filter(\.isOfUser).map(\.grant.user) == Array(repeating: "alice", count: 8))
    #expect(displaced.count == 20)
    #expect(table.living(at: start) { _ in true }.count == 20)
    #expect(table.past(at: start) { _ in true }.count == 20)
  }

  @Test("What an admin writes into the file gets its place, however full the table is")
  func fullTable() {
    var table = GrantTable()
    for host in 0..<UInt32(1024) {
      let address = IPAddress(v4: 0x0A00_0000 + host)
      _ = table.set(grant(address, "u\(host)", .seconds(Int(900 + host))), at: start)
    }
    let displaced = table.set(grant(phone, "alice"), at: start)
    #expect(living(table, phone, at: start) != nil)
    // It is nobody's that ends later.
    #expect(displaced?.grant.address == IPAddress(v4: 0x0A00_0000))
    #expect(living(table, IPAddress(v4: 0x0A00_0000), at: start) == nil)
  }

  @Test("Those that have ended take no place of those that are alive")
  func room() {
    var table = GrantTable()
    for host in 0..<UInt32(16) {
      let window: Duration = host == 7 ? .seconds(10) : .seconds(900)
      _ = table.give(grant(IPAddress(v4: 0x0A00_0000 + host), "alice", window), at: start)
    }
    let now = later(.seconds(20))
    let (_, displaced) = table.give(grant(phone, "alice", at: now), at: now)
    #expect(displaced == nil)
    #expect(table.living(at: now) { _ in true }.count == 16)
    // One that comes back needs a place, too.
    let back = table.extend(
      IPAddress(v4: 0x0A00_0007), user: "alice", until: now.boot + .seconds(900), at: now)
    #expect(back?.displaced != nil)
    #expect(table.living(at: now) { _ in true }.count == 16)
  }

  @Test("Taking away the grants of a user ends those alone, and says whether any was alive")
  func remove() {
    var table = GrantTable()
    _ = table.give(grant(phone, "alice"), at: start)
    _ = table.give(grant(phone, "bob", .seconds(60)), at: start)
    let wasAlive = table.remove(at: start) { $0.user == "alice" }
    #expect(wasAlive)
    #expect(living(table, phone, at: start)?.user == "bob")
    let again = table.remove(at: later(.seconds(60))) { $0.user == "bob" }
    #expect(!again)
    #expect(table.past(at: later(.seconds(60))) { $0.address == phone }.isEmpty)
  }

  @Test("A grant is extended, also one that has ended by itself, and not another's")
  func extend() {
    var table = GrantTable()
    _ = table.give(grant(phone, "alice"), at: start)
    let now = later(.seconds(600))
    func extend(_ user: String, _ now: GrantTime) -> Bool? {
      table.extend(phone, user: user, until: now.boot + .seconds(900), at: now)?.wasAlive
    }
    #expect(extend("bob", now) == nil)
    #expect(extend("alice", now) == true)
    #expect(table.grants.map(\.end) == [start.boot + .seconds(1500)])
    #expect(extend("alice", later(.seconds(1500))) == false)
    #expect(living(table, phone, at: later(.seconds(2399))) != nil)
  }
}
