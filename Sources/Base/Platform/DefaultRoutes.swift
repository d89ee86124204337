internal import CLinux

/// The ways out: the routes for whatever this machine has no better route for.
///
/// All tables count, as `ip rule` may choose any of them, and both families. A route to a large part of all addresses
/// is as good as one to all of them: VPN programs set several, and networks of IPv6 use 2000::/3. It needs no
/// gateway, as over PPP. One that refuses (`unreachable`, `blackhole`, `prohibit`), and one over a link that is down
/// or has no carrier, leads nowhere.
///
/// **Limits**: `limit` bytes of the tables are read.
struct DefaultRoutes: Equatable {
  /// The kernel takes 60 bytes or so for a route: a router with those of the whole Internet has 100 MB of them.
  static let limit = 1 << 20
  /// The longest prefix that is a large part of all addresses: a list of all networks but one's own begins with these.
  private static let longestPrefix = 7

  /// The gateways, each once and in order.
  let gateways: [IPAddress]
  /// Whether there is a way out.
  ///
  /// A table that is too long to be read to its end is that of a router with many.
  let exist: Bool

  /// Those of this moment.
  static func read() throws(SystemError) -> DefaultRoutes {
    var gateways: Set<IPAddress> = []
    var exist = false
    let isWhole = try Netlink.dump(Int(RTM_GETROUTE), requestBytes: headBytes, limit: limit) {
      piece in
      let (routes, isLast) = parse(piece)
      exist = exist || !routes.isEmpty
      for route in routes { gateways.formUnion(route) }
      return isLast
    }
    return DefaultRoutes(gateways: gateways.sorted(), exist: exist || !isWhole)
  }

  /// The ways out in some messages of rtnetlink, each with its gateways, and whether nothing comes after them.
  static func parse(_ bytes: [UInt8]) -> (routes: [[IPAddress]], isLast: Bool) {
    let (bodies, isLast) = Netlink.bodies(of: Int(RTM_NEWROUTE), in: bytes)
    return (bodies.compactMap(gateways), isLast)
  }

  /// `struct rtmsg` and `struct rtnexthop` of the kernel.
  private static let headBytes = 12
  private static let hopBytes = 8

  /// The gateways of a route that is a way out; nil if it is none.
  private static func gateways(_ body: ArraySlice<UInt8>) -> [IPAddress]? {
    guard body.count >= headBytes, let flags = Netlink.number(body, at: 8, bytes: 4) else {
      return nil
    }
    let head = Array(body.prefix(headBytes))
    let isV4 = head[0] == UInt8(AF_INET)
    guard isV4 || head[0] == UInt8(AF_INET6), head[1] <= longestPrefix,
      head[7] == UInt8(RTN_UNICAST),
      flags & Int(RTM_F_CLONED) == 0
    else { return nil }
    let attributes = Netlink.attributes(body.dropFirst(headBytes))
    let first = attributes.first { $0.type == Int(RTA_DST.rawValue) }?.value.first ?? 0
    // Multicast, reserved addresses, and the unique local ones of IPv6 are nowhere else.
    if isV4 ? first >= 0xE0 : first >= 0xFC { return nil }
    let hops = attributes.filter { $0.type == Int(RTA_MULTIPATH.rawValue) }.flatMap {
      nextHops($0.value)
    }
    if hops.isEmpty { return isDead(flags) ? nil : gateways(in: attributes) }
    let living = hops.filter { !isDead($0.flags) }
    return living.isEmpty ? nil : living.flatMap { gateways(in: Netlink.attributes($0.attributes)) }
  }

  /// Whether the flags of a next hop say that nothing can be sent there.
  private static func isDead(_ flags: Int) -> Bool {
    flags & Int(RTNH_F_DEAD | RTNH_F_LINKDOWN) != 0
  }

  private static func nextHops(
    _ bytes: ArraySlice<UInt8>
  ) -> [(flags: Int, attributes: ArraySlice<UInt8>)] {
    var hops: [(flags: Int, attributes: ArraySlice<UInt8>)] = []
    var rest = bytes
    while let length = Netlink.number(rest, at: 0, bytes: 2), length >= hopBytes,
      length <= rest.count, let flags = Netlink.number(rest, at: 2, bytes: 1)
    {
      hops.append((flags, rest.prefix(length).dropFirst(hopBytes)))
      rest = rest.dropFirst(Netlink.aligned(length))
    }
    return hops
  }

  private static func gateways(
    in attributes: [(type: Int, value: ArraySlice<UInt8>)]
  ) -> [IPAddress] {
    attributes.compactMap { type, value in
      switch type {
      case Int(RTA_GATEWAY.rawValue): IPAddress(wire: Array(value))
      // A gateway of the other family, behind two octets of the family.
      case Int(RTA_VIA.rawValue): IPAddress(wire: Array(value.dropFirst(2)))
      default: nil
      }
    }.filter { !$0.isUnspecified }
  }
}
