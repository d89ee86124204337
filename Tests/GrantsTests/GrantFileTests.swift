import Platform
import Testing

@testable import Grants

@Suite struct GrantFileTests {
  private let start = GrantTime(boot: Instant(nanoseconds: 1_000_000_000_000), wall: 1_700_000_000)
  private let phone = IPAddress(v4: 0xC0A8_0105)

  private func later(_ duration: Duration, wallJump: Int64 = 0) -> GrantTime {
    GrantTime(
      boot: start.boot + duration, wall: start.wall + duration.wholeSeconds + wallJump)
  }

  private var grant: Grant {
    Grant(
      address: phone, user: "alice", how: "USER+TLS", made: start.wall,
      end: start.boot + .seconds(900), sent: Grant.Sent(messages: 3, recipients: 17),
      hardware: HardwareAddress("02:00:5e:10:00:fe"), credential: "00ff")
  }

  private func parse(
    _ text: [UInt8], boot: String = "boot-1", at now: GrantTime
  ) -> GrantFile.Content {
    GrantFile.parse(text, boot: boot, window: .seconds(900), at: now)
  }

  private var text: [UInt8] { GrantFile.text(of: [grant], boot: "boot-1", at: start) }

  @Test("A line has what is documented, and is read as it was written")
  func line() {
    #expect(
      String(decoding: text, as: UTF8.self).hasSuffix(
        "\n192.168.1.5 alice USER+TLS 1700000000 1700000900 boot-1 1900 3/17 02:00:5e:10:00:fe "
          + "00ff\n"))
    #expect(parse(text, at: start).grants == [grant])
    var bare = grant
    (bare.hardware, bare.credential, bare.sent) = (nil, nil, Grant.Sent())
    let bareText = GrantFile.text(of: [bare], boot: "boot-1", at: start)
    #expect(String(decoding: bareText, as: UTF8.self).hasSuffix(" 1900 0/0 - -\n"))
    #expect(parse(bareText, at: start).grants == [bare])
  }

  @Test(
    "In the same boot a jump of the wall clock changes nothing",
    arguments: [-1_700_000_000, -3600, 0, 3600, 315_360_000])
  func wallJump(seconds: Int64) {
    let now = later(.seconds(300), wallJump: seconds)
    #expect(parse(text, at: now).grants.map(\.end) == [grant.end])
  }

  @Test(
    "After another start the wall clock decides, and no grant is from the future",
    arguments: [
      (0, 900), (60, 840), (899, 1), (901, -1), (86_400, -85_500), (-1, 0), (-600, 0),
      (-1_699_999_000, 0),
    ])
  func reboot(wallOffset: Int64, rest: Int64) {
    let now = GrantTime(boot: Instant(nanoseconds: 5_000_000_000), wall: start.wall + wallOffset)
    let grants = parse(text, boot: "boot-2", at: now).grants
    #expect(grants.map { ($0.end - now.boot).wholeSeconds } == [rest])
  }

  @Test("A window that has become shorter is the most that is left after another start")
  func shorter() {
    let now = GrantTime(boot: Instant(nanoseconds: 5_000_000_000), wall: start.wall + 60)
    let grants = GrantFile.parse(text, boot: "boot-2", window: .seconds(300), at: now).grants
    #expect(grants.map { $0.isAlive(at: now) } == [false])
  }

  @Test("An address and a user alone mean a window from now on", arguments: [" ", "\t", "   "])
  func short(space: String) {
    let content = parse(Array("fd00::5\(space)alice\n".utf8), at: start)
    #expect(content.hasShortLines)
    #expect(
      content.grants == [
        Grant(
          address: IPAddress("fd00::5") ?? phone, user: "alice", how: "admin", made: start.wall,
          end: start.boot + .seconds(900))
      ])
  }

  @Test(
    "A line that is not a grant is left out and counted",
    arguments: [
      "0.0.0.0/0 alice", "all alice", "* alice", "192.168.1 alice", "192.168.1.5/32 alice",
      "0.0.0.0 alice", ":: alice", "::ffff:0.0.0.0 alice", "192.168.1.256 alice",
      "0xC0A80105 alice",
      "3232235781 alice", "192.168.001.005 alice", "192.168.1.5", "fe80::1%eth0 alice", "\u{0}",
      "phone.example alice", "192.168.1.5 alice USER 1 2 boot-1 3 0/0 -",
      "192.168.1.5 alice USER x 2 boot-1 3 0/0 - -", "192.168.1.5 a b USER 1 2 boot-1 3 0/0 - -",
      "192.168.1.5 alice USER 1 99999999999999999999 boot-1 3 0/0 - -",
      "192.168.1.5 alice USER 1 2 boot-1 3 -1/0 - -", "192.168.1.5 alice USER 1 2 boot-1 3 0 - -",
      "192.168.1.5 alice USER 1 2 boot-1 3 0/0 02:00 -", "::ffff:0:0/96 alice",
    ])
  func garbage(line: String) {
    let content = parse(Array("\n# no grant\n\(line)\n".utf8), at: start)
    #expect(content.grants == [])
    #expect(content.badLines == [3])
  }

  @Test("A grant that claims the largest times is void and overflows nothing")
  func extremes() {
    for number in [Int64.max, .min] {
      let line = "192.168.1.5 alice USER 0 \(number) boot-1 \(number) 0/0 - -"
      for boot in ["boot-1", "boot-2"] {
        let content = parse(Array(line.utf8), boot: boot, at: start)
        #expect(content.badLines == [])
        #expect(content.grants.allSatisfy { !$0.isAlive(at: start) })
      }
    }
  }
}
