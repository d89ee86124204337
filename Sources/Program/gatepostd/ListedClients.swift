import Configuration
import EventLoop
import Network
import Platform

/// The clients that a list of networks in the configuration means, at this moment.
///
/// Where strangers may appear, at a default gateway or an address of this machine, a network does not
/// mean them: only the address itself does.
@Loop
final class ListedClients {
  /// The networks, replaced when the configuration is read again.
  var networks: [IPNetwork]
  /// Networks whose clients are not meant, whatever `networks` says.
  private var excluded: [IPNetwork] = []
  /// Whether the clients in the IPv6 networks of this machine's links are meant too.
  private var includesLinks = false
  private let surroundings: SurroundingsCache

  init(_ networks: [IPNetwork], surroundings: SurroundingsCache) {
    self.networks = networks
    self.surroundings = surroundings
  }

  /// Means the clients that may earn a grant from now on.
  func take(_ section: Configuration.PopBeforeSMTP) {
    networks = section.networks
    excluded = section.never
    includesLinks = section.includesLinks
  }

  /// Whether the list means the host at this address.
  func contains(_ client: IPAddress) -> Bool {
    if networks.isEmpty { return false }
    if excluded.contains(where: { $0.contains(client) }) { return false }
    let current = surroundings.current()
    return TrustedNetworks(networks + (includesLinks ? current.links : []), current)
      .contains(client)
  }

  /// What an admin who has written the list may not expect of it, a sentence each.
  ///
  /// - Parameter key: the key of the configuration, for the sentences.
  func misconfigurations(of key: String) -> [String] {
    if networks.isEmpty { return [] }
    return TrustedNetworks(networks, surroundings.current()).misconfigurations(of: key)
  }
}
