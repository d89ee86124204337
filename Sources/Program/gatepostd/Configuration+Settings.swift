import Configuration
import EventLoop
import Grants
import Mail
import Platform
import Relaying
import Retrieval

/// The configuration as each service sees it.
extension Configuration {
  /// The rules of POP-before-SMTP.
  var grantRules: GrantRules {
    var rules = GrantRules(
      window: popBeforeSMTP.window, messages: popBeforeSMTP.messages.limit,
      recipients: popBeforeSMTP.recipients.limit)
    rules.needsTLS = popBeforeSMTP.needsTLS
    rules.limits = GrantRules.Limits(total: popBeforeSMTP.inAll, perUser: popBeforeSMTP.perUser)
    rules.coversDevice = popBeforeSMTP.coversDevice
    rules.coversNetwork = popBeforeSMTP.coversNetwork
    return rules
  }

  /// The settings of retrieval.
  var retrieval: RetrievalSettings {
    var settings = RetrievalSettings(
      hostName: server.hostname.text, allowsLoginWithoutTLS: pop3.plainLogin.allows,
      timeout: limits.pop3Timeout)
    settings.loginTime = abuse.loginTime
    settings.offersAPOP = { [networks = pop3.apopNetworks] client in
      networks.contains { $0.contains(client) }
    }
    settings.loginDelay = pop3.loginDelay
    if !profiles.isEmpty {
      settings.exceptions = { [profiles] client, listener, local in
        guard let service = ListenerPattern.Service(rawValue: listener), let local,
          let profile = profiles.first(where: { $0.holds(for: client, of: service, at: local) })
        else { return ClientExceptions() }
        return ClientExceptions(
          allowsLoginWithoutTLS: profile.allowsLoginWithoutTLS, allowsOldTLS: profile.allowsOldTLS)
      }
    }
    settings.expiryDays = pop3.expiryDays
    return settings
  }

  /// The settings of relaying.
  var relaying: RelayingSettings {
    RelayingSettings(
      hostname: server.hostname, domains: Set(server.domains), postmaster: postmaster,
      notify: queue.notifyAddress, reportsPerHour: queue.reportsPerHour,
      handovers: lmtpServers, routes: routes.map { $0.forRelaying(tls) },
      otherwise: relay.route.forRelaying(tls), mxPort: relay.mxPort,
      retry: queue.retry, lifetime: queue.lifetime)
  }

  /// `postmaster` at the first local domain, or at this host where there is none.
  private var postmaster: Mailbox {
    guard
      let mailbox = Mailbox(
        localPart: "postmaster", domain: server.domains.first ?? server.hostname)
    else { preconditionFailure("postmaster is a local part") }
    return mailbox
  }
}

extension Configuration.Route {
  /// The route as relaying sees it.
  fileprivate func forRelaying(_ general: Configuration.TLS) -> Route {
    var route = Route(pattern.forRelaying, servers: servers.map(\.forRelaying))
    route.authorities = authorities ?? general.authorities
    switch tls {
    case .none?: route.encryption = .none
    case .may?, nil: route.encryption = .opportunistic
    case .encrypt?: route.encryption = .required
    case .verify?: route.encryption = .verified
    case .fingerprints(let hashes)?: route.encryption = .pinned(hashes)
    }
    route.credentials = credentials.map {
      RelayingSettings.Credentials(
        user: $0.user, password: Array($0.password.utf8), place: $0.place)
    }
    route.loginProblem = loginProblem
    route.needsTLS13 = needsTLS13
    route.mechanisms = mechanisms
    route.allowsPasswordInClear = allowsPasswordInClear
    route.source = source
    route.interval = interval
    route.messagesPerConnection = messagesPerConnection
    route.connections = connections
    route.window = window
    route.foldsLongLines = foldsLongLines
    route.rewriting = rewriteFrom.map {
      Route.Rewriting(mailbox: $0, addsReplyTo: addsReplyTo)
    }
    return route
  }
}

extension RoutePattern {
  fileprivate var forRelaying: Route.Pattern {
    switch self {
    case .anything: .anything
    case .domain(let domain): .domain(domain)
    case .domainTree(let domain): .domainTree(domain)
    case .sender(let rule): .sender(rule)
    case .client(let network): .client(network)
    }
  }
}

extension NextHop {
  fileprivate var forRelaying: Route.Server {
    switch self {
    case .smtp(let server):
      .smtp(
        host: server.host.description, port: server.port, isImplicitTLS: server.usesImplicitTLS)
    case .lmtp(let server): .lmtp(server)
    }
  }
}
