import EventLoop
import Platform
import TestSupport
import Testing

@testable import Grants

/// What the neighbour table does to a grant.
@Suite struct DeviceTests {
  private static func device(_ octet: UInt8) throws -> HardwareAddress {
    try #require(HardwareAddress([2, 0, 0x5E, 0x10, 0, octet]))
  }

  private static func address(_ text: String) throws -> IPAddress {
    try #require(IPAddress(text))
  }

  /// Has the phone an address of IPv6 as well, which is returned.
  @Loop private static func giveBothAddresses(_ world: Bed.World) throws -> IPAddress {
    let v6 = try address("fd00::5")
    world.devices = [v6: try device(1), Bed.phone: try device(1)]
    return v6
  }

  @Test func `A grant ends for good when another host has the address, which may log in again`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.world.devices[Bed.phone] = try Self.device(1)
      bed.logIn()
      #expect(bed.user() == "alice")
      // The kernel forgets hosts that are silent.
      bed.world.devices[Bed.phone] = nil
      #expect(bed.user() == "alice")
      await bed.keepFile()
      try bed.restart()
      bed.world.devices[Bed.phone] = try Self.device(2)
      #expect(bed.user() == nil)
      #expect(bed.world.sentences.last?.contains("02:00:5e:10:00:02 has the address now") == true)
      bed.world.devices[Bed.phone] = try Self.device(1)
      #expect(bed.user() == nil)
      #expect(bed.pastUser(at: Bed.phone) == "alice")
      await bed.keepFile()
      try bed.restart()
      #expect(bed.user() == nil)
      #expect(bed.pastUser(at: Bed.phone) == "alice")
      bed.logIn()
      #expect(bed.user() == "alice")
    }
  }

  @Test func `A login over IPv6 lets the device send over IPv4, if that is wanted`() async throws {
    try await onLoop {
      let bed = try Bed()
      let v6 = try Self.giveBothAddresses(bed.world)
      bed.world.devices[Bed.pc] = try Self.device(2)
      bed.logIn(at: v6)
      #expect(bed.user() == nil)
      bed.grants.rules.coversDevice = true
      #expect(bed.user() == "alice")
      #expect(bed.user(at: Bed.pc) == nil)
      #expect(bed.user(at: try Self.address("192.168.1.9")) == nil)
      // What the device sends counts, whatever its address.
      bed.grants.rules.messages = 1
      #expect(bed.take(Bed.phone, isFirstOfMessage: true) == nil)
      #expect(bed.take(v6, isFirstOfMessage: true) == .messages(limit: 1))
      // It ends with the grant, which another address of the device is told of.
      #expect(bed.pastUser(at: Bed.phone) == nil)
      bed.world.pass(.seconds(900))
      #expect(bed.user() == nil)
      #expect(bed.pastUser(at: Bed.phone) == "alice")
      #expect(bed.pastUser(at: Bed.pc) == nil)
      bed.grants.rules.coversDevice = false
      #expect(bed.pastUser(at: Bed.phone) == nil)
    }
  }

  @Test func `Addresses where no login earns a grant get none by way of a device`() async throws {
    try await onLoop {
      let bed = try Bed()
      let v6 = try Self.giveBothAddresses(bed.world)
      bed.grants.rules.coversDevice = true
      bed.world.mayEarn = { !$0.isV4 }
      bed.logIn(at: v6)
      #expect(bed.user() == nil)
    }
  }

  @Test func `What speaks for several hosts is no device`() async throws {
    try await onLoop {
      let bed = try Bed()
      let v6 = try Self.address("fd00::5")
      bed.world.devices = [
        v6: try Self.device(1), Bed.phone: try Self.device(1), Bed.pc: try Self.device(1),
      ]
      bed.grants.rules.coversDevice = true
      bed.logIn(at: v6)
      #expect(bed.user() == nil)
      #expect(bed.user(at: v6) == "alice")
    }
  }

  @Test func `A grant of a device ends when its own address has gone to another`() async throws {
    try await onLoop {
      let bed = try Bed()
      let v6 = try Self.giveBothAddresses(bed.world)
      bed.grants.rules.coversDevice = true
      bed.logIn(at: v6)
      #expect(bed.user() == "alice")
      bed.world.devices[v6] = try Self.device(2)
      #expect(bed.user() == nil)
    }
  }

  @Test func `An IPv6 grant is for one address, or for its network on a link where that is wanted`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.logIn(at: try Self.address("2001:db8:0:1::5"))
      bed.world.links = [try #require(IPNetwork(Self.address("2001:db8:0:1::"), prefix: 64))]
      let other = try Self.address("2001:db8:0:1:abcd::7")
      #expect(bed.user(at: other) == nil)
      bed.grants.rules.coversNetwork = true
      #expect(bed.user(at: other) == "alice")
      #expect(bed.user(at: try Self.address("2001:db8:0:2::5")) == nil)
      #expect(bed.user() == nil)
      #expect(bed.pastUser(at: other) == nil)
      bed.world.pass(.seconds(900))
      #expect(bed.pastUser(at: other) == "alice")
      bed.world.links = []
      #expect(bed.user(at: other) == nil)
      #expect(bed.pastUser(at: other) == nil)
    }
  }

  @Test func `Grants of the address, of its network and of its device count beside each other`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      let (own, other) = (try Self.address("fd00::5"), try Self.address("fd00::6"))
      bed.world.credentials["carl"] = "c1"
      bed.world.links = [try #require(IPNetwork(Self.address("fd00::"), prefix: 64))]
      bed.world.devices = [own: try Self.device(1), Bed.phone: try Self.device(1)]
      bed.logIn("carl", at: Bed.phone)
      bed.logIn("bob", at: other)
      bed.logIn("alice", at: own)
      #expect(bed.users(at: own) == ["alice"])
      bed.grants.rules.coversNetwork = true
      #expect(bed.users(at: own) == ["alice", "bob"])
      bed.grants.rules.coversDevice = true
      #expect(bed.users(at: own) == ["alice", "bob", "carl"])
      // The own one, which is of the device and in the network as well, counts once.
      #expect(bed.users(at: Bed.phone) == ["carl", "alice"])
      bed.world.credentials["alice"] = nil
      #expect(bed.users(at: own) == ["bob", "carl"])
      bed.world.pass(.seconds(900))
      #expect(bed.users(at: own) == [])
      #expect(bed.grants.pastUsers(of: own) == ["bob", "carl"])
    }
  }

  @Test func `A link-local address is whose the neighbour table says`() async throws {
    try await onLoop {
      let bed = try Bed()
      let local = try Self.address("fe80::5")
      // On two links, or on none: nobody can tell.
      bed.logIn(at: local)
      #expect(bed.user(at: local) == nil)
      bed.world.devices[local] = try Self.device(1)
      bed.logIn(at: local)
      #expect(bed.user(at: local) == "alice")
      bed.world.devices[local] = nil
      #expect(bed.user(at: local) == nil)
    }
  }
}
