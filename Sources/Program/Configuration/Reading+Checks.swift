import Mail
import Platform

extension Reading {
  /// The configuration, if the values fit each other and nothing was wrong.
  mutating func finish(machineName: String) throws(ConfigurationError) -> Configuration {
    // What was not read would be told as missing, too.
    if diagnostics.contains(where: \.isTemporary) {
      throw ConfigurationError(diagnostics: diagnostics)
    }
    let hostname = hostname(machineName: machineName)
    checkListeners()
    if draft.certificates.count != draft.keys.count {
      report(
        .tls, "key",
        "there are \(draft.keys.count) of them and \(draft.certificates.count) of certificate; "
          + "give each certificate its key, in the same order")
    }
    checkNetworks(draft.relayNetworks, .relay, allowsPublic: draft.allowsPublicRelay)
    checkNetworks(draft.grantNetworks, .popBeforeSMTP, allowsPublic: draft.allowsPublicGrants)
    for section in draft.domainSections where !draft.domains.contains(section.domain) {
      report(
        .domain, of: section.domain.text, "lmtp",
        "the domain is not among the domains of [server]; add it there")
    }
    for profile in draft.profiles { check(profile) }
    let relay = checked(draft.relay, .relay, "smarthost", hostname: hostname)
    let routes = draft.routes.map { checked($0, .route, "via", hostname: hostname) }
    guard let hostname, !diagnostics.contains(where: { $0.severity == .error }) else {
      throw ConfigurationError(diagnostics: diagnostics)
    }
    return Configuration(
      draft, hostname: hostname, relay: relay, routes: routes, warnings: diagnostics)
  }

  private mutating func hostname(machineName: String) -> Domain? {
    guard let hostname = draft.hostname ?? Domain(machineName) else {
      report(
        .server, "hostname",
        "it is not given, and the machine's own name, \(quoted(machineName)), is not a domain name;"
          + " add a line such as hostname = gw.home.example")
      return nil
    }
    if !hostname.text.utf8.contains(.dot) {
      report(
        .server, "hostname", as: .warning,
        "\(quoted(hostname.text)) has no domain; many servers refuse mail from such a host;"
          + " give the full name, such as gw.home.example")
    }
    return hostname
  }

  private mutating func checkListeners() {
    var taken: [Endpoint: String] = [:]
    let services = [
      ("smtp", draft.smtp), ("submission", draft.submission), ("submissions", draft.submissions),
      ("pop3", draft.pop3), ("pop3s", draft.pop3s),
    ]
    for (name, endpoints) in services {
      for endpoint in endpoints {
        let anywhere = Endpoint(address: nil, port: endpoint.port)
        if let other = taken[endpoint] ?? taken[anywhere] {
          report(.listen, name, "\(endpoint) is taken by \(other); give another port, or off")
        }
        taken[endpoint] = name
      }
    }
  }

  /// Refuses what would make an open relay, or would make one without the word that allows it.
  private mutating func checkNetworks(
    _ networks: [IPNetwork], _ section: Section, allowsPublic: Bool
  ) {
    for network in networks where !PrivateNetworks.contain(network) {
      let widest = network.address.isV4 ? Limits.publicPrefixV4 : Limits.publicPrefixV6
      if section == .relay, network.prefix < widest {
        // With half of the Internet trusted, no word of the administrator makes it anything else.
        report(
          section, "networks",
          "\(network) would let strangers relay; name your own networks, no wider than /\(widest)")
      } else if !allowsPublic {
        report(
          section, "networks",
          "\(network) holds addresses of the Internet;"
            + " if those hosts are yours, add the line: allow-public = yes")
      }
    }
  }
}
