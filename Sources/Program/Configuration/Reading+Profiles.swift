import Platform

extension Reading {
  /// Tells of a profile that could hold for nobody, or holds for strangers.
  mutating func check(_ profile: Configuration.Profile) {
    let name = profile.name
    if profile.networks.isEmpty && profile.listeners.isEmpty {
      // One whose value could not be read is not missing.
      if ["networks", "listeners"].contains(where: { isRejected(.profile, of: name, $0) }) {
        return
      }
      report(
        .profile, of: name, "networks",
        "it is missing, and so is listeners; give one of them, or both")
      return
    }
    for case .endpoint(let endpoint) in profile.listeners where !isServed(endpoint) {
      report(
        .profile, of: name, "listeners", as: .warning,
        "\(endpoint) is no place of a service in [listen]")
    }
    if profile.networks.isEmpty && profile.allowsLoginWithoutTLS {
      report(
        .profile, of: name, "login-without-tls", as: .warning,
        "passwords from anywhere can cross the Internet unencrypted; add networks")
    }
    if profile.networks.isEmpty && profile.allowsOldTLS {
      report(
        .profile, of: name, "old-tls", as: .warning,
        "clients from anywhere can be led to encryption that is broken; add networks")
    }
    let isOpen = profile.networks.isEmpty || !profile.networks.allSatisfy(PrivateNetworks.contain)
    if isOpen && profile.repairsBareLF {
      report(
        .profile, of: name, "repair-bare-lf", as: .warning,
        "strangers can smuggle one message in another; add networks that hold the devices alone")
    }
  }

  /// Whether a listener is at the place.
  private func isServed(_ endpoint: Endpoint) -> Bool {
    let all = draft.smtp + draft.submission + draft.submissions + draft.pop3 + draft.pop3s
    return all.contains { own in
      own.port == endpoint.port
        && (own.address == nil || endpoint.address == nil || own.address == endpoint.address)
    }
  }
}
