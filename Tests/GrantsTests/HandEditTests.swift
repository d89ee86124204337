import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Grants

/// The file is the admin's as much as ours.
@Suite struct HandEditTests {
  @Test func `A line that is taken out ends its grant at once, and no other`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      bed.logIn(at: Bed.pc)
      await bed.keepFile()
      // Not written yet.
      bed.logIn("bob", at: Bed.pc)
      try bed.edit { $0.filter { !$0.hasPrefix("\(Bed.phone) ") } }
      #expect(bed.user() == nil)
      await bed.keepFile()
      #expect(
        try bed.lines().map { $0.split(separator: " ")[..<2].joined(separator: " ") } == [
          "192.168.1.6 alice", "192.168.1.6 bob",
        ])
      try FileManager.default.removeItem(atPath: bed.path)
      #expect(bed.user(at: Bed.pc) == nil)
    }
  }

  @Test func `A line of an address and a user is a grant at once, and is written in full`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.world.mayEarn = { _ in false }
      try bed.edit { $0 + ["192.168.1.5 alice"] }
      #expect(bed.user() == "alice")
      await bed.keepFile()
      bed.world.pass(.seconds(60))
      await bed.keepFile()
      #expect(
        try bed.lines() == [
          "192.168.1.5 alice admin 1800000000 1800000900 boot-1 1900 0/0 - a1"
        ])
      bed.world.pass(.seconds(840))
      #expect(bed.user() == nil)
    }
  }

  @Test func `A line that is changed is taken as it is, and the others as they are in memory`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      bed.logIn(at: Bed.pc)
      await bed.keepFile()
      bed.world.pass(.seconds(300))
      bed.grants.extend(Bed.pc, user: "alice", isEncrypted: false)
      try bed.edit {
        $0.map { $0.hasPrefix("\(Bed.phone) ") ? $0.replacing(" 1900 ", with: " 1400 ") : $0 }
      }
      bed.world.pass(.seconds(99))
      #expect(bed.user() == "alice")
      bed.world.pass(.seconds(1))
      #expect(bed.user() == nil)
      bed.world.pass(.seconds(799))
      #expect(bed.user(at: Bed.pc) == "alice")
    }
  }

  @Test func `A slip of the hand is told once, and harms no other line`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      try bed.edit { ["192.168.1.300 alice", "192.168.1.7 alcie"] + $0 }
      #expect(bed.user() == "alice")
      #expect(bed.user(at: Bed.pc) == nil)
      #expect(
        bed.world.sentences.sorted() == [
          "whitelist: 192.168.1.7: there is no user alcie who can log in",
          "whitelist: line 1 is not a grant; 1 such lines ignored",
        ])
    }
  }

  @Test func `An edit that comes while the file is written is not lost`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      bed.logIn(at: Bed.pc)
      _ = bed.user()
      let seen = bed.grants.file.version
      try bed.edit { _ in [] }
      // What a worker finds that began before the edit.
      #expect(try bed.grants.replace(with: Array("old\n".utf8), unlessChangedFrom: seen) == nil)
      #expect(try bed.lines() == [])
      await bed.keepFile()
      #expect(bed.user() == nil)
      #expect(bed.user(at: Bed.pc) == "alice")
    }
  }

  @Test func `A file that an admin makes while the first one is written is not lost`() async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      #expect(bed.grants.file.version == .absent)
      try bed.edit { _ in ["192.168.1.7 bob"] }
      #expect(try bed.grants.replace(with: [], unlessChangedFrom: .absent) == nil)
      await bed.keepFile()
      #expect(bed.user() == "alice")
      #expect(try bed.lines().contains { $0.hasPrefix("192.168.1.7 ") })
    }
  }
  @Test func `A good file that comes while one that is not believed is replaced is not lost`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try bed.edit { _ in ["192.168.1.5 alice"] }
      #expect(chmod(bed.path, 0o666) == 0)
      #expect(bed.user() == nil)
      let seen = bed.grants.file.version
      try bed.edit { _ in ["192.168.1.7 bob"] }
      // What a worker finds that began before the edit.
      #expect(try bed.grants.replace(with: [], unlessChangedFrom: seen) == nil)
      await bed.keepFile()
      #expect(try bed.lines().map { $0.prefix(12) } == ["192.168.1.7 "])
    }
  }

  @Test func `A line for somebody who is no user yet is told, and kept`() async throws {
    try await onLoop {
      let bed = try Bed()
      try bed.edit { _ in ["192.168.1.7 carl", "192.168.1.5 alice"] }
      #expect(bed.user() == "alice")
      await bed.keepFile()
      #expect(bed.world.sentences.count == 1)
      #expect(try bed.lines().count == 2)
      bed.world.credentials["carl"] = "c1"
      #expect(bed.user(at: IPAddress(v4: 0xC0A8_0107)) == "carl")
    }
  }

  @Test func `A line of a hand counts at the start, whatever else the file says of the address`()
    async throws
  {
    try await onLoop {
      for _ in 0..<10 {
        let bed = try Bed()
        bed.logIn()
        await bed.keepFile()
        bed.world.pass(.seconds(900))
        try bed.edit { $0 + ["192.168.1.5 alice"] }
        try bed.restart()
        #expect(bed.user() == "alice")
      }
    }
  }

  @Test func `Who only looks at the grants ends none`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      bed.logIn("bob", at: Bed.pc)
      try bed.edit { $0 + ["192.168.1.7 carl"] }
      @Loop func users() -> [String] { bed.grants.inForce().map(\.grant.user).sorted() }
      #expect(users() == ["alice", "bob"])
      bed.world.credentials["carl"] = "c1"
      bed.world.credentials["bob"] = "b2"
      #expect(users() == ["alice", "carl"])
      bed.world.credentials["bob"] = "b1"
      bed.world.mayEarn = { $0 != Bed.phone }
      #expect(users() == ["bob", "carl"])
      bed.world.mayEarn = { _ in true }
      #expect(users() == ["alice", "bob", "carl"])
      bed.world.pass(.seconds(900))
      #expect(users() == [])
    }
  }

  @Test func `A file is believed once its directory is as it should be`() async throws {
    try await onLoop {
      let bed = try Bed()
      // No file can take the place of the one that is not believed.
      try FileManager.default.createDirectory(
        atPath: "\(bed.scratch.path)/whitelist.new/x", withIntermediateDirectories: true)
      #expect(chmod(bed.scratch.path, 0o777) == 0)
      try bed.edit { _ in ["192.168.1.5 alice"] }
      #expect(bed.user() == nil)
      #expect(bed.user() == nil)
      await bed.keepFile()
      #expect(bed.world.sentences.count == 2, "\(bed.world.sentences)")
      #expect(chmod(bed.scratch.path, 0o755) == 0)
      #expect(bed.user() == "alice")
    }
  }
}
