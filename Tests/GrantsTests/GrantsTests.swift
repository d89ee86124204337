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
        // Who has the new password may log in again, and a user who is gone may not.
        #expect(bed.pastUser(at: Bed.phone) == (credential == nil ? nil : "alice"))
      }
    }
  }

  @Test func `The address of a user whose grant has ended is known`() async throws {
    try await onLoop {
      let bed = try Bed()
      #expect(bed.pastUser(at: Bed.phone) == nil)
      bed.logIn()
      #expect(bed.pastUser(at: Bed.phone) == nil)
      bed.world.pass(.seconds(900))
      #expect(bed.pastUser(at: Bed.phone) == "alice")
      await bed.keepFile()
      try bed.restart()
      #expect(bed.pastUser(at: Bed.phone) == "alice")
      bed.world.boot = "boot-2"
      bed.world.time = GrantTime(boot: Instant(nanoseconds: 1), wall: 5)
      try bed.restart()
      #expect(bed.user() == nil)
      #expect(bed.pastUser(at: Bed.phone) == "alice")
      bed.world.mayEarn = { _ in false }
      #expect(bed.pastUser(at: Bed.phone) == nil)
      bed.world.mayEarn = { _ in true }
      bed.world.credentials["alice"] = nil
      #expect(bed.pastUser(at: Bed.phone) == nil)
    }
  }

  @Test func `Messages and recipients are counted until the next login`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.grants.rules.messages = 2
      bed.grants.rules.recipients = 4
      let take: @Loop (Bool) -> GrantExcess? = {
        bed.take(Bed.phone, isFirstOfMessage: $0)
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

  @Test(arguments: [(600, true), (299, true), (301, false)])
  func `A window that is changed holds for those that are alive`(
    age: Int64, isAlive: Bool
  ) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      bed.world.pass(.seconds(age))
      // Longer by as much, or shorter.
      bed.grants.rules.window = .seconds(age == 600 ? 1200 : 300)
      #expect((bed.user() != nil) == isAlive)
      #expect(bed.pastUser() == (isAlive ? nil : "alice"))
      let rest: Int64 = age == 600 ? 600 : 1
      bed.world.pass(.seconds(rest - 1))
      #expect((bed.user() != nil) == isAlive)
      // And after a restart.
      await bed.keepFile()
      try bed.restart()
      bed.world.pass(.seconds(1))
      #expect(bed.user() == nil)
    }
  }

  @Test func `A window that has become shorter while the daemon was away is the most that is left`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      bed.rules.window = .seconds(60)
      try bed.restart()
      bed.world.pass(.seconds(59))
      #expect(bed.user() == "alice")
      bed.world.pass(.seconds(1))
      #expect(bed.user() == nil)
    }
  }

  @Test func `A rule that asks for TLS ends what was earned without, and its address is told`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      #expect(
        bed.grants.grant(
          Bed.pc, user: "alice", credential: "a1", how: "PLAIN+TLS", isEncrypted: true))
      #expect(bed.grants.add(IPAddress(v4: 0xC0A8_0107), user: "bob"))
      bed.grants.rules.needsTLS = true
      #expect(bed.grants.inForce().map(\.grant.address) == [Bed.pc, IPAddress(v4: 0xC0A8_0107)])
      #expect(bed.user() == nil)
      #expect(bed.pastUser() == "alice")
      #expect(bed.user(at: Bed.pc) == "alice")
      #expect(bed.user(at: IPAddress(v4: 0xC0A8_0107)) == "bob")
    }
  }

  @Test func `A device too many is told, and that which made room is asked to check its mail`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.rules.limits = GrantRules.Limits(total: 5, perUser: 2)
      try bed.restart()
      let addresses = (0..<6).map { IPAddress(v4: 0x0A00_0001 + UInt32($0)) }
      for address in addresses[..<3] {
        bed.logIn(at: address)
        bed.world.pass(.seconds(1))
      }
      #expect(addresses[..<3].map { bed.user(at: $0) } == [nil, "alice", "alice"])
      #expect(bed.pastUser(at: addresses[0]) == "alice")
      #expect(
        bed.world.sentences == [
          "alice has more than 2 grants ([pop-before-smtp] grants-per-user): "
            + "that of alice at 10.0.0.1 ends, which would have ended first"
        ])
      // It is in the file, as is the memory.
      await bed.keepFile()
      try bed.restart()
      #expect(bed.pastUser(at: addresses[0]) == "alice")
      // Those that are alive are held to lower limits.
      bed.grants.rules.limits.perUser = 1
      #expect(addresses[..<3].map { bed.user(at: $0) } == [nil, nil, "alice"])
      #expect(bed.pastUser(at: addresses[1]) == "alice")
      bed.world.credentials["carl"] = "c1"
      bed.grants.rules.limits.total = 2
      for (place, user) in ["bob", "carl"].enumerated() {
        bed.logIn(user, at: addresses[3 + place])
      }
      #expect(addresses.map { bed.user(at: $0) } == [nil, nil, nil, "bob", "carl", nil])
      #expect(
        bed.world.sentences.last?.hasPrefix(
          "there are more than 2 grants ([pop-before-smtp] grants)")
          == true)
      #expect(bed.pastUser(at: addresses[2]) == "alice")
    }
  }

  @Test func `What is settled is in the file, though others change it without a pause`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.logIn()
      await bed.keepFile()
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await bed.grants.keepFile() }
        // A grant that is alive: nothing that others must see at once.
        #expect(bed.grants.add(Bed.phone, user: "alice"))
        #expect(await bed.grants.settle(within: .seconds(60)) == nil)
        #expect((try? bed.lines())?.first?.contains(" admin ") == true)
        // What a client does meanwhile waits for its minute, and nobody waits for that.
        let traffic = Traffic()
        group.addTask { await traffic.run(bed) }
        while traffic.recipients == 0 { await Task.yield() }
        for address in [Bed.pc, Bed.phone] {
          #expect(bed.grants.add(address, user: "bob"))
          #expect(await bed.grants.settle(within: .seconds(60)) == nil)
          #expect((try? bed.text())?.contains("\(address) bob admin") == true)
        }
        traffic.isOver = true
        group.cancelAll()
      }
    }
  }

  /// A client that uses its grant all the time.
  @Loop
  private final class Traffic {
    var recipients = 0
    var isOver = false
    nonisolated init() {}

    func run(_ bed: Bed) async {
      while !isOver {
        _ = bed.take(Bed.phone, isFirstOfMessage: true)
        recipients += 1
        await Task.yield()
      }
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
