import Platform

extension IPNetwork {
  /// The reason to doubt that an admin means the network, although the configuration allows it; nil if there is none.
  var remark: String? {
    if prefix == 0 {
      return "\(self) is the whole Internet: whoever guesses a password may send from anywhere"
    }
    if isHostless { return "no host ever has an address in \(self)" }
    if !PrivateNetworks.contain(self), prefix < (address.isV4 ? 16 : 32) {
      return "\(self) is larger than the network of most providers; name your own hosts alone"
    }
    return nil
  }

  /// Whether no host can have an address of the network: "this" network, multicast, reserved, documentation.
  private var isHostless: Bool {
    let networks: [(first: String, prefix: Int)] = [
      ("0.0.0.0", 8), ("224.0.0.0", 3), ("192.0.2.0", 24), ("198.51.100.0", 24),
      ("203.0.113.0", 24), ("ff00::", 8), ("2001:db8::", 32),
    ]
    return networks.contains { first, prefix in
      IPAddress(first).flatMap { IPNetwork($0, prefix: prefix) }?.contains(self) == true
    }
  }
}
