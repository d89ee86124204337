internal import CLinux

/// The hosts on the links of this machine as the kernel knows them: its tables of ARP and of neighbour
/// discovery, which are asked for by rtnetlink(7).
///
/// **Limits**: `limit` bytes of the table are read; a host that stands behind them is not known.
package struct Neighbours: Sendable {
  /// The kernel keeps 1,024 hosts of each family where nobody has allowed it more, at 76 bytes or so.
  static let limit = 1 << 20
  private static let pieceBytes = 32 << 10

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
    let type = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Descriptor(
      owning: try attempt("socket") { CLinux.socket(AF_NETLINK, type, NETLINK_ROUTE) })
    _ = try socket.send(request)
    var found: [Neighbour] = []
    var count = 0
    while count < limit {
      let piece = try receive(from: socket)
      count += piece.count
      let (neighbours, isLast) = parse(piece)
      found += neighbours
      if isLast || piece.isEmpty { break }
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
    var neighbours: [Neighbour] = []
    var rest = bytes[...]
    while let length = number(rest, at: 0, bytes: 4), let type = number(rest, at: 4, bytes: 2),
      length >= messageHead, length <= rest.count
    {
      let message = rest.prefix(length)
      rest = rest.dropFirst(aligned(length))
      switch Int32(type) {
      case NLMSG_DONE, NLMSG_ERROR: return (neighbours, true)
      case Int32(RTM_NEWNEIGH):
        if let neighbour = neighbour(message.dropFirst(messageHead)) {
          neighbours.append(neighbour)
        }
      default: break
      }
    }
    return (neighbours, false)
  }

  /// `struct nlmsghdr` and `struct ndmsg` of the kernel.
  private static let messageHead = 16
  private static let neighbourHead = 12

  /// All neighbours of both families.
  private static var request: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: messageHead + neighbourHead)
    let flags = NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
    unsafe bytes.withUnsafeMutableBytes { raw in
      unsafe raw.storeBytes(of: UInt32(raw.count), as: UInt32.self)
      unsafe raw.storeBytes(of: UInt16(RTM_GETNEIGH), toByteOffset: 4, as: UInt16.self)
      unsafe raw.storeBytes(of: UInt16(flags), toByteOffset: 6, as: UInt16.self)
    }
    return bytes
  }

  private static func neighbour(_ body: ArraySlice<UInt8>) -> Neighbour? {
    // A host that does not answer, and what has no addresses on its link, is no proof of anything.
    let unusable = UInt16(NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP)
    guard let state = number(body, at: 8, bytes: 2), UInt16(state) & unusable == 0 else {
      return nil
    }
    var address: IPAddress?
    var hardware: HardwareAddress?
    var rest = body.dropFirst(neighbourHead)
    while let length = number(rest, at: 0, bytes: 2), let type = number(rest, at: 2, bytes: 2),
      length >= 4, length <= rest.count
    {
      let value = rest.prefix(length).dropFirst(4)
      switch type {
      case NDA_DST: address = IPAddress(wire: Array(value))
      case NDA_LLADDR: hardware = HardwareAddress(value)
      default: break
      }
      rest = rest.dropFirst(aligned(length))
    }
    guard let address, let hardware else { return nil }
    return Neighbour(address: address, hardware: hardware)
  }

  private static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }

  /// A number in the order of this processor, as the kernel writes it; nil behind the end.
  private static func number(_ bytes: ArraySlice<UInt8>, at offset: Int, bytes count: Int) -> Int? {
    guard bytes.count >= offset + count else { return nil }
    let octets = bytes.dropFirst(offset).prefix(count)
    let ordered = 1.littleEndian == 1 ? Array(octets.reversed()) : Array(octets)
    return ordered.reduce(0) { $0 << 8 | Int($1) }
  }

  private static func receive(from socket: borrowing Descriptor) throws(SystemError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 8)
    defer { unsafe buffer.deallocate() }
    let count = try unsafe socket.receive(into: buffer)
    return unsafe Array(buffer[..<count])
  }
}
