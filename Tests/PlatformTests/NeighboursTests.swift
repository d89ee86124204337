import CLinux
import TestSupport
import Testing

@testable import Platform

@Suite struct NeighboursTests {
  private static func neighbour(
    _ address: String, _ hardware: [UInt8], state: UInt16 = 2
  ) throws -> [UInt8] {
    let address = try #require(IPAddress(address))
    let octets = address.isV4 ? Array(address.bytes.suffix(4)) : address.bytes
    let head = [UInt8](repeating: 0, count: 8) + NetlinkSample.bytes(state) + [0, 1]
    return NetlinkSample.message(
      Int(RTM_NEWNEIGH),
      // NDA_CACHEINFO comes between them.
      head + NetlinkSample.attribute(1, octets)
        + NetlinkSample.attribute(3, [UInt8](repeating: 9, count: 16))
        + NetlinkSample.attribute(2, hardware))
  }

  private static let mac: [UInt8] = [2, 0, 0x5E, 0x10, 0, 0xFE]

  private static func table() throws -> [UInt8] {
    try neighbour("192.168.1.7", mac) + neighbour("fe80::7", mac)
      + neighbour("192.168.1.8", [2, 0, 0, 0, 0, 8])
  }

  @Test("Hosts of both families are read")
  func both() throws {
    let (neighbours, isLast) = Neighbours.parse(try Self.table())
    #expect(!isLast)
    #expect(
      neighbours.map { "\($0.address) \($0.hardware)" } == [
        "192.168.1.7 02:00:5e:10:00:fe", "fe80::7 02:00:5e:10:00:fe",
        "192.168.1.8 02:00:00:00:00:08",
      ])
  }

  @Test("What follows the end, or a failure, is not read", arguments: [NLMSG_DONE, NLMSG_ERROR])
  func end(type: Int32) throws {
    let bytes = try Self.table() + NetlinkSample.message(Int(type), [0, 0, 0, 0]) + Self.table()
    let (neighbours, isLast) = Neighbours.parse(bytes)
    #expect(neighbours.count == 3 && isLast)
  }

  @Test(
    "A host that does not answer, or that has no address on its link, is no neighbour",
    arguments: [UInt16(NUD_INCOMPLETE), UInt16(NUD_FAILED), UInt16(NUD_NOARP)])
  func unusable(state: UInt16) throws {
    let bytes = try Self.neighbour("192.168.1.7", Self.mac, state: state)
    #expect(Neighbours.parse(bytes).neighbours == [])
  }

  @Test(
    "A hardware address for nobody or everybody, or of another kind, is none",
    arguments: [
      [0, 0, 0, 0, 0, 0], [255, 255, 255, 255, 255, 255], [1, 2, 3, 4], [],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ])
  func odd(hardware: [UInt8]) throws {
    #expect(Neighbours.parse(try Self.neighbour("192.168.1.7", hardware)).neighbours == [])
  }

  @Test("A table that is cut anywhere gives what comes before, and no other host")
  func cut() throws {
    let whole = Neighbours.parse(try Self.table()).neighbours
    let table = try Self.table()
    for count in table.indices {
      let (neighbours, _) = Neighbours.parse(Array(table.prefix(count)))
      #expect(neighbours == Array(whole.prefix(neighbours.count)), "\(count)")
    }
  }

  @Test("Lengths that lie do no harm")
  func lies() throws {
    var random = FixedRandom(seed: 5)
    for _ in 0..<2000 {
      var table = try Self.table()
      for _ in 0..<4 {
        let place = Int.random(in: table.indices, using: &random)
        table[place] = UInt8.random(in: 0...255, using: &random)
      }
      _ = Neighbours.parse(table)
    }
  }

  @Test("A host is told by one hardware address, and says how many of IPv4 are behind that")
  func device() throws {
    let other: [UInt8] = [2, 0, 0, 0, 0, 8]
    let bytes =
      try Self.table() + Self.neighbour("192.168.1.9", Self.mac)
      // On another link.
      + Self.neighbour("192.168.1.9", Self.mac) + Self.neighbour("fe80::9", Self.mac)
      + Self.neighbour("fe80::9", other)
    let neighbours = Neighbours.parse(bytes).neighbours
    func device(_ text: String) throws -> Neighbours.Device? {
      Neighbours(neighbours).device(at: try #require(IPAddress(text)))
    }
    let router = try #require(HardwareAddress(Self.mac))
    #expect(try device("192.168.1.9") == Neighbours.Device(hardware: router, v4Addresses: 2))
    #expect(try device("fe80::7")?.v4Addresses == 2)
    #expect(try device("192.168.1.8")?.v4Addresses == 1)
    #expect(try device("fe80::9") == nil)
    #expect(try device("192.168.1.99") == nil)
  }

  @Test("The kernel is asked without a privilege, and knows no neighbour of the loopback")
  func kernel() throws {
    #expect(try Neighbours.now().device(at: IPAddress(v4: 0x7F00_0001)) == nil)
  }

  @Test(
    "A hardware address is read as it is printed, and nothing else is one",
    arguments: [
      ("02:00:5e:10:00:fe", true), ("02:00:5E:10:00:FE", true), ("2:0:5e:10:0:fe", false),
      ("02:00:5e:10:00", false), ("02:00:5e:10:00:fe:01", false), ("+2:00:5e:10:00:fe", false),
      ("02-00-5e-10-00-fe", false), ("02:00:5e:10:00:", false), ("", false),
    ])
  func text(text: String, isAddress: Bool) {
    #expect(HardwareAddress(text)?.description == (isAddress ? text.lowercased() : nil))
  }
}
