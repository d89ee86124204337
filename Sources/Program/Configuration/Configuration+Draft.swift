import Mail
import Platform

extension Configuration {
  /// The settings while the files are read: each may still be missing or be replaced.
  ///
  /// What has a default is set by it before the first file; the initial values here never last.
  struct Draft {
    var hostname: Domain?
    var domains: [Domain] = []
    var spool = "", state = "", runtime = "", users = ""
    var smtp: [Endpoint] = [], submission: [Endpoint] = [], submissions: [Endpoint] = []
    var pop3: [Endpoint] = [], pop3s: [Endpoint] = []
    var certificates: [String] = [], keys: [String] = []
    var authorities: String?
    var relayNetworks: [IPNetwork] = []
    var allowsPublicRelay = false
    var mxPort: UInt16 = 0
    /// How mail leaves that no route is for.
    var relay = Route(name: "", pattern: .anything)
    var secrets = ""
    var window = Duration.zero
    var grantNetworks: [IPNetwork] = []
    var allowsPublicGrants = false
    var grantsLinks = true
    var neverGranted: [IPNetwork] = []
    var grantsNeedTLS = false
    var grantMessages = Allowance.unlimited
    var grantRecipients = Allowance.unlimited
    var grantsPerUser = 0, grantsInAll = 0
    var grantsCoverDevice = false
    var grantsCoverNetwork = false
    var nameservers: [SocketAddress] = []
    var retry: [Duration] = []
    var lifetime = Duration.zero
    var notifyAddress: Mailbox?
    var reportsPerHour = 0
    var messageBytes = 0, recipients = 0, connections = 0, connectionsPerClient = 0
    var commandTimeout = Duration.zero, pop3Timeout = Duration.zero
    var freeSpaceBytes = 0
    var messagesPerHour = Allowance.unlimited, recipientsPerHour = Allowance.unlimited
    var connectionsPerMinute = Allowance.unlimited, commandsPerMinute = Allowance.unlimited
    var failedLogins = Allowance.unlimited
    var ban = Duration.zero, loginTime = Duration.zero
    var minimumRate: ByteCount?
    var refusesEarlyTalkers = false
    var dnsbl: [Domain] = []
    var addsSPF = false
    var addsMissingFields = false, addsSender = false, hidesClients = false
    var aliases = ""
    var separator: UInt8?
    var catchAll: AliasTarget?
    var redirectAll: Mailbox?
    var upgradesHashes = false
    var apopNetworks: [IPNetwork] = []
    var quota: ByteCount?
    var quotaMessages: Int?
    var pop3PlainLogin = PlainLogin.nowhere
    var loginDelay: Duration?
    var expiry: Duration?

    /// The sections with names, each kind in the order in which the files begin them.
    private(set) var profiles: [Profile] = []
    private(set) var domainSections: [DomainSection] = []
    private(set) var routes: [Route] = []
    /// Which of them the keys that are read belong to.
    private var selected = 0
  }

  /// A section `[domain NAME]`.
  struct DomainSection {
    let domain: Domain
    var lmtp: LMTPServer?
  }

  init(
    _ draft: Draft, hostname: Domain, relay: Route, routes: [Route], warnings: [Diagnostic]
  ) {
    server = Server(
      hostname: hostname, domains: draft.domains, spool: draft.spool, state: draft.state,
      runtime: draft.runtime, users: draft.users,
      upgradesHashes: draft.upgradesHashes)
    listen = Listen(
      smtp: draft.smtp, submission: draft.submission, submissions: draft.submissions,
      pop3: draft.pop3, pop3s: draft.pop3s)
    tls = TLS(
      certificates: draft.certificates, keys: draft.keys, authorities: draft.authorities)
    self.relay = Relay(
      networks: draft.relayNetworks, mxPort: draft.mxPort, secrets: draft.secrets, route: relay)
    self.routes = routes
    popBeforeSMTP = PopBeforeSMTP(
      window: draft.window, networks: draft.grantNetworks, includesLinks: draft.grantsLinks,
      never: draft.neverGranted, needsTLS: draft.grantsNeedTLS, messages: draft.grantMessages,
      recipients: draft.grantRecipients, perUser: draft.grantsPerUser, inAll: draft.grantsInAll,
      coversDevice: draft.grantsCoverDevice, coversNetwork: draft.grantsCoverNetwork)
    local = Local(
      aliases: draft.aliases, separator: draft.separator, catchAll: draft.catchAll,
      redirectAll: draft.redirectAll)
    lmtpServers = draft.lmtpServers
    dns = DNS(nameservers: draft.nameservers)
    queue = Queue(
      retry: draft.retry, lifetime: draft.lifetime, notifyAddress: draft.notifyAddress,
      reportsPerHour: draft.reportsPerHour)
    limits = Limits(
      quota: draft.quota, quotaMessages: draft.quotaMessages,
      messageBytes: draft.messageBytes, recipients: draft.recipients,
      connections: draft.connections, connectionsPerClient: draft.connectionsPerClient,
      commandTimeout: draft.commandTimeout, pop3Timeout: draft.pop3Timeout,
      freeSpaceBytes: draft.freeSpaceBytes, messagesPerHour: draft.messagesPerHour,
      recipientsPerHour: draft.recipientsPerHour)
    abuse = Abuse(
      connectionsPerMinute: draft.connectionsPerMinute, commandsPerMinute: draft.commandsPerMinute,
      failedLogins: draft.failedLogins, ban: draft.ban, loginTime: draft.loginTime,
      minimumRate: draft.minimumRate?.bytes, refusesEarlyTalkers: draft.refusesEarlyTalkers,
      dnsbl: draft.dnsbl, addsSPF: draft.addsSPF)
    smtp = SMTP(
      addsMissingFields: draft.addsMissingFields, addsSender: draft.addsSender,
      hidesClients: draft.hidesClients)
    profiles = draft.profiles
    pop3 = POP3(
      plainLogin: draft.pop3PlainLogin, apopNetworks: draft.apopNetworks,
      loginDelay: draft.loginDelay,
      expiryDays: draft.expiry.map { Int(($0.components.seconds + 86_399) / 86_400) })
    self.warnings = warnings
  }
}

extension Configuration.Draft {
  /// The profile that is being read.
  var profile: Configuration.Profile {
    get { profiles[selected] }
    set { profiles[selected] = newValue }
  }

  /// The domain whose section is being read.
  var domainSection: Configuration.DomainSection {
    get { domainSections[selected] }
    set { domainSections[selected] = newValue }
  }

  /// The route whose section is being read.
  var route: Configuration.Route {
    get { routes[selected] }
    set { routes[selected] = newValue }
  }

  /// The servers that the sections of domains name.
  var lmtpServers: [Domain: LMTPServer] {
    var servers: [Domain: LMTPServer] = [:]
    for section in domainSections { servers[section.domain] = section.lmtp }
    return servers
  }

  /// Turns to the section of that kind and name, and adds it if there is none yet.
  ///
  /// - Returns: whether it was added.
  mutating func select(_ section: Section, _ name: String) throws(Rejection) -> Bool {
    switch section {
    case .profile:
      let name = try Syntax.sectionName.parse(Substring(name))
      return try select(in: \.profiles, Configuration.Profile(name: name)) { $0.name == name }
    case .domain:
      let domain = try Syntax.domain.parse(Substring(name))
      let new = Configuration.DomainSection(domain: domain)
      return try select(in: \.domainSections, new) { $0.domain == domain }
    case .route:
      let pattern = try Syntax.routePattern.parse(Substring(name))
      let new = Configuration.Route(name: name, pattern: pattern)
      return try select(in: \.routes, new) { $0.pattern == pattern }
    default:
      preconditionFailure("a section of this kind has no name")
    }
  }

  private mutating func select<Element>(
    in sections: WritableKeyPath<Self, [Element]>, _ new: Element, where isIt: (Element) -> Bool
  ) throws(Rejection) -> Bool {
    let count = self[keyPath: sections].count
    if let index = self[keyPath: sections].firstIndex(where: isIt) {
      selected = index
      return false
    }
    guard count < Limits.namedSections else {
      throw Rejection(
        reason: "there are more than \(Limits.namedSections) such sections", isComplete: true)
    }
    self[keyPath: sections].append(new)
    selected = count
    return true
  }
}
