internal import CLinux

/// The hosts on the links of this machine as the kernel knows them: its tables of ARP and of neighbour
/// discovery, which are asked for by rtnetlink(7).
///
/// **Limits**: `limit` bytes of the table are read; a host that stands behind them is not known.
package struct Neighbours: Sendable {
  /// The kernel keeps 1,024 hosts of each family where nobody has allowed it more, at 76 bytes or so.
  static let limit = 1 << 20

  /// A host on a link.
  package struct Device: Equatable, Sendable {
    /// Its address on the link.
    package let hardware: HardwareAddress
    /// How many addresses of IPv4 are behind `hardware`: with more than one it may be a repeater or a
    /// router that speaks for several hosts.
    package let v4Addresses: Int

    package init(hardware: HardwareAddress, v4Addresses: Int) {
      self.hardware = hardware
      self.v4Addresses = v4Addresses
    }
  }

  private let all: [Neighbour]

  package init(_ all: [Neighbour]) { self.all = all }

  /// The host that has an address; nil if it is on no link, or if two links have such a host, as with
  /// addresses of `fe80::/10`.
  package func device(at address: IPAddress) -> Device? {
    let found = Set(all.filter { $0.address == address }.map(\.hardware))
    guard found.count == 1, let hardware = found.first else { return nil }
    let siblings = all.filter { $0.hardware == hardware && $0.address.isV4 }
    return Device(hardware: hardware, v4Addresses: Set(siblings.map(\.address)).count)
  }

  /// Those of this moment.
  ///
  /// It never waits for the network: what the kernel does not know at this moment is not known.
  package static func now() throws(SystemError) -> Neighbours {
    var found: [Neighbour] = []
    _ = try Netlink.dump(Int(RTM_GETNEIGH), requestBytes: headBytes, limit: limit) { piece in
      let (neighbours, isLast) = parse(piece)
      found += neighbours
      return isLast
    }
    return Neighbours(found)
  }

  /// One that is known, or was until a short while ago.
  package struct Neighbour: Equatable, Sendable {
    let address: IPAddress
    let hardware: HardwareAddress

    package init(address: IPAddress, hardware: HardwareAddress) {
      self.address = address
      self.hardware = hardware
    }
  }

  /// The neighbours in some messages of rtnetlink, and whether nothing comes after them.
  ///
  /// What is cut short or makes no sense ends the reading.
  static func parse(_ bytes: [UInt8]) -> (neighbours: [Neighbour], isLast: Bool) {
    let (bodies, isLast) = Netlink.bodies(of: Int(RTM_NEWNEIGH), in: bytes)
    return (bodies.compactMap(neighbour), isLast)
  }

  /// `struct ndmsg` of the kernel.
  private static let headBytes = 12

  private static func neighbour(_ body: ArraySlice<UInt8>) -> Neighbour? {
    // A host that does not answer, and what has no addresses on its link, is no proof of anything.
    let unusable = UInt16(NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP)
    guard let state = Netlink.number(body, at: 8, bytes: 2), UInt16(state) & unusable == 0 else {
      return nil
    }
    var address: IPAddress?
    var hardware: HardwareAddress?
    for attribute in Netlink.attributes(body.dropFirst(headBytes)) {
      switch attribute.type {
      case NDA_DST: address = IPAddress(wire: Array(attribute.value))
      case NDA_LLADDR: hardware = HardwareAddress(attribute.value)
      default: break
      }
    }
    guard let address, let hardware else { return nil }
    return Neighbour(address: address, hardware: hardware)
  }
}
