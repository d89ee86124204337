import EventLoop
import Platform
import TestSupport
import Testing

@testable import Grants

/// Who may send, and until when.
@Suite struct GrantsTests {
  @Test func `A login earns a grant where it may, and none elsewhere`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.world.mayEarn = { $0 == Bed.phone }
      #expect(!bed.logIn(at: Bed.pc))
      #expect(bed.user(at: Bed.pc) == nil)
      #expect(bed.logIn())
      #expect(bed.user() == "alice")
      // The list has been changed, or the address is our gateway now.
      bed.world.mayEarn = { _ in false }
      #expect(bed.user() == nil)
      bed.world.mayEarn = { _ in true }
      #expect(bed.user() == "alice")
    }
  }

  @Test func `A grant of an admin holds wherever the address is, for a user there is`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.world.mayEarn = { _ in false }
      #expect(!bed.grants.add(Bed.phone, user: "nobody"))
      #expect(bed.grants.add(Bed.phone, user: "alice"))
      #expect(bed.user() == "alice")
      bed.world.pass(.seconds(900))
      #expect(bed.user() == nil)
    }
  }

  @Test func `A grant is worth what its login was verified against, not what holds by now`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      for (credential, user) in [("a0", nil), ("a1", "alice")] as [(String, String?)] {
        #expect(
          bed.grants.grant(
            Bed.phone, user: "alice", credential: credential, how: "USER", isEncrypted: false))
        #expect(bed.user() == user)
      }
    }
  }

  @Test func `A grant of an older password takes none with it that is of the new one`() async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      bed.world.credentials["alice"] = "a2"
      bed.logIn(at: Bed.pc)
      #expect(bed.user() == nil)
      #expect(bed.user(at: Bed.pc) == "alice")
      // Nor one that an admin gives, whenever that is used first.
      bed.logIn()
      try bed.edit { $0 + ["192.168.1.7 alice"] }
      _ = bed.user()
      bed.world.credentials["alice"] = "a3"
      #expect(bed.user() == nil)
      #expect(bed.user(at: IPAddress(v4: 0xC0A8_0107)) == "alice")
    }
  }

  @Test func `Another password, or no user, ends all grants of the user at once`() async throws {
    for credential in ["a2", nil] {
      try await onLoop {
        let bed = try Bed()
        bed.logIn()
        bed.logIn(at: Bed.pc)
        bed.logIn("bob", at: Bed.pc)
        bed.world.credentials["alice"] = credential
        #expect(bed.user() == nil)
        #expect(bed.user(at: Bed.pc) == "bob")
        // It is for good: the old password would have to be given again.
        bed.world.credentials["alice"] = "a1"
        #expect(bed.user() == nil)
        #expect(bed.grants.pastUser(of: Bed.phone) == nil)
      }
    }
  }

  @Test func `The address of a user whose grant has ended is known`() async throws {
    try await onLoop {
      let bed = try Bed()
      #expect(bed.grants.pastUser(of: Bed.phone) == nil)
      bed.logIn()
      #expect(bed.grants.pastUser(of: Bed.phone) == nil)
      bed.world.pass(.seconds(900))
      #expect(bed.grants.pastUser(of: Bed.phone) == "alice")
      await bed.keepFile()
      try bed.restart()
      #expect(bed.grants.pastUser(of: Bed.phone) == "alice")
      bed.world.boot = "boot-2"
      bed.world.time = GrantTime(boot: Instant(nanoseconds: 1), wall: 5)
      try bed.restart()
      #expect(bed.user() == nil)
      #expect(bed.grants.pastUser(of: Bed.phone) == "alice")
      bed.world.mayEarn = { _ in false }
      #expect(bed.grants.pastUser(of: Bed.phone) == nil)
      bed.world.mayEarn = { _ in true }
      bed.world.credentials["alice"] = nil
      #expect(bed.grants.pastUser(of: Bed.phone) == nil)
    }
  }

  @Test func `Messages and recipients are counted until the next login`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.grants.rules.messages = 2
      bed.grants.rules.recipients = 4
      let take: @Loop (Bool) -> GrantExcess? = {
        bed.grants.take(Bed.phone, isFirstOfMessage: $0)
      }
      #expect(take(true) == nil)
      bed.logIn()
      #expect(take(true) == nil)
      #expect(take(false) == nil)
      #expect(take(true) == nil)
      #expect(take(true) == .messages(limit: 2))
      // The end of the message that was begun.
      #expect(take(false) == nil)
      #expect(take(false) == .recipients(limit: 4))
      // Neither a restart nor reading mail changes that.
      bed.world.pass(.seconds(60))
      await bed.keepFile()
      try bed.restart()
      bed.grants.rules.messages = 2
      bed.grants.extend(Bed.phone, user: "alice", isEncrypted: false)
      #expect(take(true) == .messages(limit: 2))
      bed.logIn()
      #expect(take(true) == nil)
    }
  }

  @Test func `Only a login under TLS earns a grant, or extends one, where that is asked for`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.grants.rules.needsTLS = true
      #expect(!bed.logIn())
      #expect(
        bed.grants.grant(
          Bed.phone, user: "alice", credential: "a1", how: "USER+TLS", isEncrypted: true))
      bed.world.pass(.seconds(600))
      bed.grants.extend(Bed.phone, user: "alice", isEncrypted: false)
      bed.world.pass(.seconds(300))
      #expect(bed.user() == nil)
    }
  }
}
