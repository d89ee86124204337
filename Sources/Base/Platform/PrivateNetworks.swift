/// The ranges whose addresses never come from the Internet.
package enum PrivateNetworks {
  private static var networks: [(first: UInt32, prefix: Int)] {
    [
      (0x0A00_0000, 8), (0xAC10_0000, 12), (0xC0A8_0000, 16),  // RFC 1918 §3
      (0x7F00_0000, 8), (0xA9FE_0000, 16),  // loopback, link-local
    ]
  }

  /// Whether every address of the network is private.
  ///
  /// The shared range of carriers, 100.64.0.0/10 (RFC 6598), does not count: behind such a carrier
  /// the neighbours' machines have these addresses.
  package static func contain(_ network: IPNetwork) -> Bool {
    if network.address.isV4 {
      return networks.contains { first, prefix in
        IPNetwork(IPAddress(v4: first), prefix: prefix)?.contains(network) == true
      }
    }
    let first = network.address.bytes
    let isUniqueLocal = network.prefix >= 7 && first[0] & 0xFE == 0xFC  // RFC 4193 §3.1
    let isLinkLocal = network.prefix >= 10 && network.address.isLinkLocal
    return isUniqueLocal || isLinkLocal || network.prefix == 128 && network.address.isLoopback
  }
}
