import Mail
import Platform

extension Reading {
  /// A route with its policy of TLS and its password, or told of what would lead nowhere or leak one.
  ///
  /// - Parameter key: the key that names its servers.
  mutating func checked(
    _ route: Configuration.Route, _ section: Section, _ key: String, hostname: Domain?
  ) -> Configuration.Route {
    var route = route
    let name = section.isNamed ? route.name : nil
    if section == .route, route.via == nil {
      if !isRejected(section, of: name, key) {
        report(section, of: name, key, "it is missing; give \(Syntax<Via>.via.form)")
      }
      return route
    }
    for case .smtp(let server) in route.servers where server.host.description == hostname?.text {
      report(section, of: name, key, "it is this host; mail would circle")
    }
    for case .smtp(let server) in route.servers {
      if let remark = server.remark { report(section, of: name, key, as: .warning, remark) }
    }
    let policy = route.tls
    route.tls = policy ?? tlsPolicy(of: route)
    if policy == TLSPolicy.none, route.servers.contains(where: \.usesImplicitTLS) {
      report(
        section, of: name, "tls", "none contradicts smtps in the \(key); give encrypt or verify")
    }
    if case .fingerprints = policy, route.servers.isEmpty {
      report(section, of: name, "tls", "mail exchangers have no certificate that all of them share")
    }
    if route.authorities != nil, route.tls != .verify {
      report(
        section, of: name, "authorities",
        "they prove nothing without tls = verify; add it, or remove this")
    }
    checkCredentials(of: route, section, name, key)
    if let entry = route.credentialsName, !route.servers.isEmpty {
      route.loginProblem = tolerating(isTolerant) { reading in
        route.credentials = reading.credentials(
          entry, for: section.heading(name), at: reading.place(section, of: name, "credentials"))
      }
    }
    return route
  }

  /// What is asked of TLS where the file does not say: proof, where a secret or `smtps` calls for it.
  private func tlsPolicy(of route: Configuration.Route) -> TLSPolicy {
    if route.servers.contains(where: \.usesImplicitTLS) { return .verify }
    if route.authorities != nil, !route.servers.isEmpty { return .verify }
    let isAtHome = route.servers.allSatisfy(\.isOnThisHost)
    return route.credentialsName == nil || isAtHome ? .may : .verify
  }

  /// Tells of a login that would lead nowhere or leak the password.
  private mutating func checkCredentials(
    of route: Configuration.Route, _ section: Section, _ name: String?, _ key: String
  ) {
    guard let entry = route.credentialsName else { return }
    guard !route.servers.isEmpty else {
      let server = section == .relay ? "smarthost" : "server"
      report(
        section, of: name, "credentials",
        "there is no \(server) to log in at; add one, or remove this")
      return
    }
    if !route.allowsPasswordInClear, route.tls?.mayLackTLS != false {
      report(
        section, of: name, "tls",
        "the password of \(quoted(entry)) could cross the network unencrypted;"
          + " give verify, or encrypt where the certificate cannot be verified")
    }
  }
}
