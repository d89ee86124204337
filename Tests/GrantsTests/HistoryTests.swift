import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Grants

/// What has gone wrong with POP-before-SMTP before, one test each.
@Suite struct HistoryTests {
  @Test func `Expiry by cron: a grant ends with its window though nothing runs`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      bed.world.pass(.seconds(899))
      #expect(bed.user() == "alice")
      bed.world.pass(.seconds(1))
      #expect(bed.user() == nil)
    }
  }

  @Test func `A restart gives no old grant a fresh window`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      for _ in 0..<3 {
        bed.world.pass(.seconds(299))
        try bed.restart()
        #expect(bed.user() == "alice")
        await bed.keepFile()
      }
      bed.world.pass(.seconds(3))
      try bed.restart()
      #expect(bed.user() == nil)
    }
  }

  @Test func `Neither does a reboot, and the time that the machine was off counts`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      bed.world.boot = "boot-2"
      bed.world.time = GrantTime(boot: Instant(nanoseconds: 20_000_000_000), wall: 1_800_000_600)
      try bed.restart()
      #expect(bed.user() == "alice")
      bed.world.pass(.seconds(300))
      #expect(bed.user() == nil)
    }
  }

  @Test(arguments: [5, 1_799_999_999, 1_900_000_000])
  func `A board that boots with a wrong clock lets nobody send`(wall: Int64) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      bed.world.boot = "boot-2"
      bed.world.time = GrantTime(boot: Instant(nanoseconds: 20_000_000_000), wall: wall)
      try bed.restart()
      #expect(bed.user() == nil)
    }
  }

  @Test(arguments: [-1_799_999_995, -86_400, 86_400, 315_360_000])
  func `A clock that jumps while the daemon runs neither ends a grant nor prolongs it`(
    jump: Int64
  ) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      bed.world.pass(.seconds(400))
      bed.world.time.wall += jump
      #expect(bed.user() == "alice")
      await bed.keepFile()
      try bed.restart()
      #expect(bed.user() == "alice")
      bed.world.pass(.seconds(500))
      #expect(bed.user() == nil)
    }
  }

  @Test func `A grant that was earned in 1970 is worth nothing after the next boot`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.world.time.wall = 100
      bed.logIn()
      bed.world.time.wall = 1_800_000_000
      try bed.restart()
      await bed.keepFile()
      bed.world.boot = "boot-2"
      try bed.restart()
      #expect(bed.user() == nil)
    }
  }

  @Test func `A sleep of the machine counts: the boot clock goes on meanwhile`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      bed.world.pass(.seconds(8 * 3600))
      #expect(bed.user() == nil)
    }
  }

  @Test func `A file that is read while it is written is whole: a reader sees the old or the new`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      // The writer of the open file has another file by now.
      let reader = try #require(FileHandle(forReadingAtPath: bed.path))
      let before = try bed.text()
      for host in 0..<12 { bed.logIn(at: IPAddress(v4: 0x0A00_0001 + UInt32(host))) }
      await bed.keepFile()
      let seen = try #require(try reader.readToEnd())
      #expect(String(decoding: seen, as: UTF8.self) == before)
      #expect(try bed.lines().count == 13)
    }
  }

  @Test func `A login never waits for the file, and never fails with it`() async throws {
    try await onLoop {
      let bed = try Bed()
      try FileManager.default.createDirectory(
        atPath: "\(bed.scratch.path)/whitelist.new/x", withIntermediateDirectories: true)
      #expect(bed.logIn())
      await bed.keepFile()
      #expect(bed.user() == "alice")
      #expect(!FileManager.default.fileExists(atPath: bed.path))
      // It is said once, and tried again soon.
      for seconds in [5, 10, 20] as [Int64] {
        bed.world.pass(.seconds(seconds))
        await bed.keepFile()
      }
      #expect(bed.world.sentences.count == 1)
      #expect(bed.world.sentences[0].hasSuffix("the grants are kept in memory"))
      try FileManager.default.removeItem(atPath: "\(bed.scratch.path)/whitelist.new")
      bed.world.pass(.seconds(40))
      await bed.keepFile()
      #expect(try bed.lines().count == 1)
    }
  }

  @Test func `A user has several addresses: the phone does not revoke the PC`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn(at: Bed.phone)
      bed.logIn(at: Bed.pc)
      #expect(bed.user(at: Bed.phone) == "alice")
      #expect(bed.user(at: Bed.pc) == "alice")
    }
  }

  @Test func `Two users may share an address, and each of them sends`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn("alice")
      bed.world.pass(.seconds(10))
      bed.logIn("bob")
      #expect(bed.users() == ["bob", "alice"])
      await bed.keepFile()
      #expect(try bed.lines().count == 2)
      try bed.restart()
      #expect(bed.users() == ["bob", "alice"])
      bed.world.credentials["bob"] = nil
      #expect(bed.users() == ["alice"])
    }
  }

  @Test func `IPv6 is no afterthought, and an IPv4 address in IPv6 is that of IPv4`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn(at: try #require(IPAddress("::ffff:192.168.1.5")))
      bed.logIn(at: try #require(IPAddress("2001:db8::5")))
      await bed.keepFile()
      try bed.restart()
      #expect(bed.user(at: Bed.phone) == "alice")
      #expect(bed.user(at: try #require(IPAddress("2001:DB8:0:0::5"))) == "alice")
      #expect(bed.user(at: try #require(IPAddress("2001:db8::6"))) == nil)
    }
  }

  @Test(arguments: ["", "0", "0.0.0.0", "::", "*", "all", "192.168.1", "192.168.1.5/0", "/"])
  func `An odd address is nobody's, never everybody's`(odd: String) async throws {
    try await onLoop {
      let bed = try Bed()
      try bed.edit { $0 + ["\(odd) alice", "\(odd) alice admin 1 2 boot-1 9999 0/0 - -"] }
      for address in ["192.168.1.5", "0.0.0.0", "::", "::1", "255.255.255.255"] {
        #expect(bed.user(at: try #require(IPAddress(address))) == nil)
      }
    }
  }

  @Test(arguments: [0o660, 0o646, 0o666])
  func `A file that others may write is not believed, and another takes its place`(
    mode: Int
  ) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn(at: Bed.pc)
      await bed.keepFile()
      try bed.edit { $0 + ["192.168.1.5 alice"] }
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: bed.path)
      #expect(bed.user() == nil)
      #expect(bed.user(at: Bed.pc) == "alice")
      #expect(bed.world.sentences.count == 1)
      #expect(bed.world.sentences[0].contains("others may write it: chmod go-w"))
      await bed.keepFile()
      #expect(try bed.lines().count == 1)
      try bed.restart()
      #expect(bed.user() == nil)
      #expect(bed.user(at: Bed.pc) == "alice")
    }
  }

  @Test func `Neither is one in a directory that others may write, nor a link, nor a huge one`()
    async throws
  {
    try await onLoop {
      for number in 0..<3 {
        let bed = try Bed()
        let manager = FileManager.default
        try bed.edit { $0 + ["192.168.1.5 alice"] }
        switch number {
        case 0:
          try manager.setAttributes([.posixPermissions: 0o777], ofItemAtPath: bed.scratch.path)
        case 1:
          try manager.moveItem(atPath: bed.path, toPath: "\(bed.scratch.path)/other")
          try manager.createSymbolicLink(atPath: bed.path, withDestinationPath: "other")
        default:
          try bed.edit { $0 + [String(repeating: "#", count: GrantFile.limitBytes)] }
        }
        #expect(bed.user() == nil)
        #expect(bed.world.sentences.count == 1, "\(number)")
        try bed.restart()
        #expect(bed.user() == nil)
      }
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func `Neither is one of another user`() async throws {
    try await onLoop {
      let bed = try Bed()
      try bed.edit { $0 + ["192.168.1.5 alice"] }
      try #require(chown(bed.path, 65_534, 0) == 0)
      #expect(bed.user() == nil)
      #expect(bed.world.sentences.first?.contains("it belongs to user 65534") == true)
    }
  }

  @Test func `Reading mail wears no flash: times alone are written once a minute`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      var writes = 0
      var last = try bed.text()
      for _ in 0..<600 {
        bed.world.pass(.seconds(1))
        bed.grants.extend(Bed.phone, user: "alice", isEncrypted: false)
        _ = bed.take(Bed.phone, isFirstOfMessage: true)
        await bed.keepFile()
        if try bed.text() != last { writes += 1 }
        last = try bed.text()
      }
      #expect((9...10).contains(writes))
      // What others must see is there at once.
      bed.grants.revoke(Bed.phone)
      await bed.keepFile()
      #expect(try bed.lines() == [])
    }
  }
}
