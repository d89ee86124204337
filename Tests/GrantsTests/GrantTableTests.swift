import Platform
import Testing

@testable import Grants

@Suite struct GrantTableTests {
  private let start = GrantTime(boot: Instant(nanoseconds: 1_000_000_000_000), wall: 1_700_000_000)
  private let phone = IPAddress(v4: 0xC0A8_0105)

  private func later(_ duration: Duration, wallJump: Int64 = 0) -> GrantTime {
    GrantTime(
      boot: start.boot + duration, wall: start.wall + duration.wholeSeconds + wallJump)
  }

  @Test("A grant lives for its window and not a moment longer, whether anyone cleans up or not")
  func window() {
    var table = GrantTable()
    let change = table.grant(phone, user: "alice", how: "USER", window: .seconds(900), at: start)
    #expect(change == .made)
    #expect(table.grant(of: phone, at: later(.seconds(899)))?.user == "alice")
    #expect(table.grant(of: phone, at: later(.seconds(900))) == nil)
    #expect(table.grant(of: IPAddress(v4: 0xC0A8_0106), at: start) == nil)
  }

  @Test("Another login extends the grant and keeps one line")
  func extension_() {
    var table = GrantTable()
    _ = table.grant(phone, user: "alice", how: "USER", window: .seconds(900), at: start)
    let change = table.grant(
      phone, user: "alice", how: "USER", window: .seconds(900), at: later(.seconds(600)))
    #expect(change == .extended)
    #expect(table.grants.count == 1)
    #expect(table.grant(of: phone, at: later(.seconds(1400))) != nil)
  }

  @Test("A phone does not revoke the PC, and one user cannot fill the table")
  func bounds() {
    var table = GrantTable()
    for host in 0..<100 {
      _ = table.grant(
        IPAddress(v4: 0x0A00_0000 + UInt32(host)), user: "alice", how: "USER",
        window: .seconds(900 + host), at: start)
    }
    #expect(table.grants.count == GrantTable.userLimit)
    // The newest are the ones that are left.
    #expect(table.grant(of: IPAddress(v4: 0x0A00_0063), at: start) != nil)
    for host in 0..<2000 {
      _ = table.grant(
        IPAddress(v4: 0x0B00_0000 + UInt32(host)), user: "u\(host)", how: "USER",
        window: .seconds(900 + host), at: start)
    }
    #expect(table.grants.count == GrantTable.limit)
    #expect(table.grant(of: IPAddress(v4: 0x0B00_07CF), at: start) != nil)
  }

  @Test("Grants come back from the file with what is left of them")
  func restart() {
    var table = GrantTable()
    _ = table.grant(phone, user: "alice", how: "USER", window: .seconds(900), at: start)
    let text = GrantFile.text(of: table.grants, boot: "boot-1")
    let now = later(.seconds(300))
    let (again, badLines) = GrantFile.parse(text, boot: "boot-1", at: now)
    #expect(badLines.isEmpty)
    #expect(again.grant(of: phone, at: later(.seconds(899))) != nil)
    #expect(again.grant(of: phone, at: later(.seconds(901))) == nil)
  }

  @Test(
    "In the same boot a jump of the wall clock changes nothing",
    arguments: [-1_700_000_000, 315_360_000])
  func wallJump(seconds: Int64) {
    var table = GrantTable()
    _ = table.grant(phone, user: "alice", how: "USER", window: .seconds(900), at: start)
    let text = GrantFile.text(of: table.grants, boot: "boot-1")
    let now = later(.seconds(300), wallJump: seconds)
    let (again, _) = GrantFile.parse(text, boot: "boot-1", at: now)
    #expect(again.grant(of: phone, at: now) != nil)
    #expect(again.grant(of: phone, at: later(.seconds(901), wallJump: seconds)) == nil)
  }

  @Test(
    "After another start the wall clock decides, and a grant from the future is void",
    arguments: [(60, true), (899, true), (901, false), (-1_699_999_000, false)])
  func reboot(wallOffset: Int64, lives: Bool) {
    var table = GrantTable()
    _ = table.grant(phone, user: "alice", how: "USER", window: .seconds(900), at: start)
    let text = GrantFile.text(of: table.grants, boot: "boot-1")
    let now = GrantTime(boot: Instant(nanoseconds: 5_000_000_000), wall: start.wall + wallOffset)
    let (again, _) = GrantFile.parse(text, boot: "boot-2", at: now)
    #expect((again.grant(of: phone, at: now) != nil) == lives)
  }

  @Test(
    "A line that is not a grant is left out and counted",
    arguments: [
      "0.0.0.0/0 alice USER 1 2 b 3", "all alice USER 1 2 b 3", "192.168.1 alice USER 1 2 b 3",
      "192.168.1.5 alice USER x 2 b 3", "192.168.1.5 alice", "192.168.1.5 a b USER 1 2 b 3",
      "192.168.1.5 alice USER 1 99999999999999999999 b 3", "\u{0}", "::ffff:0:0/96 a USER 1 2 b 3",
    ])
  func garbage(line: String) {
    let (table, badLines) = GrantFile.parse(Array(line.utf8), boot: "b", at: start)
    #expect(table.grants.isEmpty)
    #expect(badLines == [1])
  }

  @Test("A grant that claims the largest times is void and overflows nothing")
  func extremes() {
    let line = "192.168.1.5 alice USER 0 \(Int64.max) b \(Int64.max)"
    for boot in ["b", "c"] {
      let (table, _) = GrantFile.parse(Array(line.utf8), boot: boot, at: start)
      #expect(table.grants.isEmpty)
    }
    let past = "192.168.1.5 alice USER 0 \(Int64.min) b \(Int64.min)"
    for boot in ["b", "c"] {
      let (table, _) = GrantFile.parse(Array(past.utf8), boot: boot, at: start)
      #expect(table.grants.isEmpty)
    }
  }

  @Test("Revoking a user ends the grants of that user alone")
  func revoke() {
    var table = GrantTable()
    _ = table.grant(phone, user: "alice", how: "USER", window: .seconds(900), at: start)
    _ = table.grant(phone, user: "bob", how: "USER", window: .seconds(60), at: start)
    let revoked = table.revoke(user: "alice")
    #expect(revoked)
    #expect(table.grant(of: phone, at: start)?.user == "bob")
    let again = table.revoke(user: "alice")
    #expect(!again)
  }

  @Test("A grant that is alive is extended, and neither one that has ended nor another's")
  func extend() {
    var table = GrantTable()
    _ = table.grant(phone, user: "alice", how: "USER", window: .seconds(900), at: start)
    let later = GrantTime(boot: start.boot + .seconds(600), wall: start.wall + 600)
    func extend(_ user: String, _ now: GrantTime) -> Bool {
      table.extend(phone, user: user, window: .seconds(900), at: now)
    }
    #expect(!extend("bob", later))
    #expect(extend("alice", later))
    #expect(table.grants.map(\.end) == [start.boot + .seconds(1500)])
    #expect(table.grants.map(\.expires) == [start.wall + 1500])
    let late = GrantTime(boot: start.boot + .seconds(1500), wall: start.wall + 1500)
    #expect(!extend("alice", late))
  }

  @Test("What the password was verified against is kept in the file, and lines without it are read")
  func credential() {
    var table = GrantTable()
    _ = table.grant(
      phone, user: "alice", how: "USER", credential: "00ff", window: .seconds(900), at: start)
    _ = table.grant(phone, user: "bob", how: "USER", window: .seconds(900), at: start)
    let text = GrantFile.text(of: table.grants, boot: "b")
    let read = GrantFile.parse(text, boot: "b", at: start)
    #expect(read.badLines == [])
    #expect(read.table.grants.map(\.credential) == ["00ff", nil])
  }
}
