package import Platform

/// Networks whose hosts are believed, in relaying or in earning a grant, without the traps in them.
///
/// An address of this machine and a default gateway are where strangers appear, brought by a proxy
/// (Docker's is one) or by a router that translates addresses. They are trusted only where the list
/// names exactly that address, and so is every host while it is not known which these are. Loopback
/// addresses are trusted where a network of loopback addresses is listed, not by way of `0.0.0.0/0`.
package struct TrustedNetworks: Sendable {
  private let networks: [IPNetwork]
  private let surroundings: Surroundings

  package init(_ networks: [IPNetwork], _ surroundings: Surroundings) {
    self.networks = networks
    self.surroundings = surroundings
  }

  /// Whether the host at this address is believed.
  package func contains(_ client: IPAddress) -> Bool {
    if client.isLoopback {
      return networks.contains { $0.contains(client) && $0.address.isLoopback }
    }
    guard networks.contains(where: { $0.contains(client) }) else { return false }
    return isNamed(client)
      || surroundings.problem == nil && !surroundings.isOwn(client)
        && !surroundings.isGateway(client)
  }

  /// What an admin who has written the list may not expect of it, a sentence each.
  ///
  /// - Parameter key: where the list stands, such as `[relay] networks`.
  package func misconfigurations(of key: String) -> [String] {
    if let problem = surroundings.problem {
      return [
        "\(key): this machine's addresses and routes cannot be read: \(problem); only hosts "
          + "that are listed by themselves are trusted"
      ]
    }
    return trapped(surroundings.gateways).map { network, gateway in
      "\(key) = \(network) contains the default gateway \(gateway): it is not trusted, for "
        + "behind NAT or a proxy strangers come from there; list \(gateway) itself if you mean it"
    }
      + trapped(surroundings.own).map { network, address in
        "\(key) = \(network) contains \(address), an address of this machine: it is not "
          + "trusted, for a proxy brings strangers from there; list \(address) itself if you mean it"
      }
  }

  /// The addresses that are in a network and not named by themselves.
  private func trapped(_ addresses: [IPAddress]) -> [(IPNetwork, IPAddress)] {
    addresses.filter { !isNamed($0) }.compactMap { address in
      networks.first { $0.contains(address) }.map { ($0, address) }
    }
  }

  private func isNamed(_ address: IPAddress) -> Bool { networks.contains(IPNetwork(address)) }
}
