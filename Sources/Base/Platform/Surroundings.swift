/// Where this machine stands in its networks: the addresses at which strangers may appear.
///
/// A proxy on this machine, or a router that translates addresses, hands on the connections of the
/// whole Internet under its own address, and that may lie in a network that the admin trusts.
package struct Surroundings: Equatable, Sendable {
  /// The addresses of the own interfaces, without the loopback ones.
  package let own: [IPAddress]
  /// The default gateways.
  package let gateways: [IPAddress]
  /// The networks of IPv6 that the interfaces are in, without the link-local ones.
  package let links: [IPNetwork]
  /// The addresses that mean all hosts of a link at once.
  package let broadcasts: [IPAddress]
  /// Whether the kernel has a way for what is beyond the links, in either family; true where that is not known.
  package let hasWayOut: Bool
  /// Why own addresses and gateways are not known; nil when they are.
  package private(set) var problem: SystemError?

  package init(
    own: [IPAddress], gateways: [IPAddress], links: [IPNetwork] = [], broadcasts: [IPAddress] = [],
    hasWayOut: Bool = true
  ) {
    self.own = own
    self.gateways = gateways
    self.links = links
    self.broadcasts = broadcasts
    self.hasWayOut = hasWayOut
  }

  /// Surroundings of which nothing is known, and why.
  package static func unknown(because problem: SystemError) -> Surroundings {
    var surroundings = Surroundings(own: [], gateways: [])
    surroundings.problem = problem
    return surroundings
  }

  /// What the kernel says at this moment.
  package static func read() throws(SystemError) -> Surroundings {
    let own = try LocalAddresses.read()
    let routes = try DefaultRoutes.read()
    return Surroundings(
      own: own.map(\.address).filter { !$0.isLoopback && !$0.isUnspecified },
      gateways: routes.gateways, links: LocalAddresses.links(own),
      broadcasts: LocalAddresses.broadcasts(own), hasWayOut: routes.exist)
  }

  /// Whether an interface of this machine has the address at this moment, be it a loopback one.
  package static func hold(_ address: IPAddress) throws(SystemError) -> Bool {
    try LocalAddresses.read().contains { $0.address == address }
  }

  /// Whether an interface of this machine has the address.
  package func isOwn(_ address: IPAddress) -> Bool { own.contains(address) }

  /// Whether a default route leads over the address.
  package func isGateway(_ address: IPAddress) -> Bool { gateways.contains(address) }
}
