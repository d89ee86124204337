import Mail
import Platform

extension Reading {
  /// The configuration, if the values fit each other and nothing was wrong.
  mutating func finish(machineName: String) throws(ConfigurationError) -> Configuration {
    let hostname = hostname(machineName: machineName)
    checkListeners()
    checkNetworks(draft.relayNetworks, .relay, allowsPublic: draft.allowsPublicRelay)
    checkNetworks(draft.grantNetworks, .popBeforeSMTP, allowsPublic: draft.allowsPublicGrants)
    if let smarthost = draft.smarthost, smarthost.host.description == hostname?.text {
      report(.relay, "smarthost", "it is this host; mail would circle")
    }
    for section in draft.domainSections where !draft.domains.contains(section.domain) {
      report(
        .domain, of: section.domain.text, "lmtp",
        "the domain is not among the domains of [server]; add it there")
    }
    for profile in draft.profiles { check(profile) }
    let policy = tlsPolicy()
    let credentials = checkedCredentials(policy)
    guard let hostname, !diagnostics.contains(where: { $0.severity == .error }) else {
      throw ConfigurationError(diagnostics: diagnostics)
    }
    return Configuration(
      draft, hostname: hostname, tls: policy, credentials: credentials, warnings: diagnostics)
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

  /// What is asked of TLS where the file does not say: proof, where a secret or `smtps` calls for it.
  private func tlsPolicy() -> TLSPolicy {
    if let policy = draft.tlsPolicy { return policy }
    guard let smarthost = draft.smarthost else { return .may }
    if smarthost.usesImplicitTLS { return .verify }
    return draft.credentials == nil || smarthost.host.isLoopback ? .may : .verify
  }

  private mutating func checkedCredentials(_ policy: TLSPolicy) -> Credentials? {
    if let smarthost = draft.smarthost, smarthost.usesImplicitTLS, draft.tlsPolicy == TLSPolicy.none
    {
      report(.relay, "tls", "none contradicts smtps in the smarthost; give encrypt or verify")
    }
    guard let name = draft.credentials else { return nil }
    guard let smarthost = draft.smarthost else {
      report(.relay, "credentials", "there is no smarthost to log in at; add one, or remove this")
      return nil
    }
    if !smarthost.host.isLoopback, policy == .none || policy == .may {
      report(
        .relay, "tls",
        "the password of \(quoted(name)) could cross the network unencrypted;"
          + " give verify, or encrypt where the certificate cannot be verified")
    }
    return credentials(name, at: place(.relay, "credentials"))
  }
}
