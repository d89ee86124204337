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
    table.living(at: now) { $0.address == address }
  }

  @Test("A grant lives for its window and not a moment longer, whether anyone cleans up or not")
  func window() {
    var table = GrantTable()
    let isNew = table.give(grant(phone, "alice"), at: start)
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
    table.set(first)
    let now = later(.seconds(600))
    let isNew = table.give(grant(phone, "alice", at: now), at: now)
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
    #expect(table.past(at: later(.seconds(899))) { $0.address == phone } == nil)
    #expect(table.past(at: later(.seconds(900))) { $0.address == phone }?.user == "alice")
    let long = GrantTable.memory + .seconds(900)
    #expect(table.past(at: later(long - .seconds(1))) { $0.address == phone } != nil)
    #expect(table.past(at: later(long)) { $0.address == phone } == nil)
    let now = later(.seconds(2000))
    let isNew = table.give(grant(phone, "alice", at: now), at: now)
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
      _ = table.give(grant(address, "alice", .seconds(900 + host)), at: start)
    }
    #expect(table.grants.count == GrantTable.userLimit)
    // The newest are the ones that are left.
    #expect(living(table, IPAddress(v4: 0x0A00_0063), at: start) != nil)
    for host in 0..<2000 {
      let address = IPAddress(v4: 0x0B00_0000 + UInt32(host))
      _ = table.give(grant(address, "u\(host)", .seconds(900 + host)), at: start)
    }
    #expect(table.grants.count == GrantTable.limit)
    #expect(living(table, IPAddress(v4: 0x0B00_07CF), at: start) != nil)
  }

  @Test("What an admin writes into the file gets its place, however full the table is")
  func fullTable() {
    var table = GrantTable()
    for host in 0..<UInt32(GrantTable.limit) {
      table.set(grant(IPAddress(v4: 0x0A00_0000 + host), "u\(host)", .seconds(Int(900 + host))))
    }
    table.set(grant(phone, "alice"))
    #expect(table.grants.count == GrantTable.limit)
    #expect(living(table, phone, at: start) != nil)
    // It is nobody's that ends later.
    #expect(living(table, IPAddress(v4: 0x0A00_0000), at: start) == nil)
  }

  @Test("Those that have ended make room before those that are alive")
  func room() {
    var table = GrantTable()
    for host in 0..<UInt32(GrantTable.userLimit) {
      let window: Duration = host == 7 ? .seconds(10) : .seconds(900)
      _ = table.give(grant(IPAddress(v4: 0x0A00_0000 + host), "alice", window), at: start)
    }
    let now = later(.seconds(20))
    _ = table.give(grant(phone, "alice", at: now), at: now)
    #expect(table.grants.count == GrantTable.userLimit)
    #expect(table.grants.allSatisfy { $0.isAlive(at: now) })
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
    #expect(table.past(at: later(.seconds(60))) { $0.address == phone } == nil)
  }

  @Test("A grant is extended, also one that has ended by itself, and not another's")
  func extend() {
    var table = GrantTable()
    _ = table.give(grant(phone, "alice"), at: start)
    let now = later(.seconds(600))
    func extend(_ user: String, _ now: GrantTime) -> Bool? {
      table.extend(phone, user: user, until: now.boot + .seconds(900), at: now)
    }
    #expect(extend("bob", now) == nil)
    #expect(extend("alice", now) == true)
    #expect(table.grants.map(\.end) == [start.boot + .seconds(1500)])
    #expect(extend("alice", later(.seconds(1500))) == false)
    #expect(living(table, phone, at: later(.seconds(2399))) != nil)
  }
}
