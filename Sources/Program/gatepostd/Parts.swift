import Accounts
import Configuration
import DNS
import EventLoop
import Grants
import Log
import Mail
import Network
import Platform
import Retrieval
import Spool

/// What the services are made of.
///
/// What cannot be had at the start, such as a spool whose disk is not there, is a standing trouble, and the part that
/// needs it does without until it is there. Only a lack of what every program needs, such as threads, ends the start.
@Loop
struct Parts {
  /// What the daemon does without at the moment.
  let troubles = Troubles()
  let disk = WorkerPool(threads: 2)
  let spool: Spool
  let maildrops: Maildrops
  let accounts: Accounts
  let recipients: LocalRecipients
  /// The clients that may relay without proof.
  let trusted: ListedClients
  /// The clients whose POP3 login lets them send for a while.
  let earning: ListedClients
  let grants: Grants
  let certificates: Certificates
  let state: StateOpening
  let conduct: Conduct
  let gate: ConnectionGate
  let resolver: Resolver

  init(_ configuration: Configuration) throws(StartError) {
    let server = configuration.server
    let (troubles, disk) = (troubles, disk)
    // A thread of its own: whoever floods us with passwords must not hold up what is synced.
    let passwords = WorkerPool(threads: 1)
    for pool in [disk, passwords] {
      try StartError.about("threads") { () throws(SystemError) in try pool.start() }
    }
    state = StateOpening(server.state, troubles: troubles)
    state.attempt()
    certificates = Certificates(configuration, troubles: troubles)
    certificates.attempt()
    let decoySecret = Self.decoySecret(server.state)
    accounts = try StartError.about("users") { () throws(UsersFileError) in
      try Accounts(
        path: server.users, domains: server.domains, workers: passwords,
        decoySecret: decoySecret,
        upgrades: Upgrades(path: server.state, disk: disk) { Log.say(.warning, $0) },
        trouble: { troubles.set("users", $0) }
      ) { Log.say(.error, $0) }
    }
    accounts.setUpgradesHashes(server.upgradesHashes)
    let aliases = Aliases(
      path: configuration.local.aliases, trouble: { troubles.set("aliases", $0) }
    ) { Log.say(.error, $0) }
    recipients = LocalRecipients(
      accounts: accounts, aliases: aliases, rules: configuration.localRules)
    let spool = Spool(unopened: server.spool, state: server.state, disk: disk)
    self.spool = spool
    maildrops = Maildrops(spool, disk: disk)
    let surroundings = SurroundingsCache()
    trusted = ListedClients(configuration.relay.networks, surroundings: surroundings)
    earning = ListedClients([], surroundings: surroundings)
    earning.take(configuration.popBeforeSMTP)
    grants = try StartError.about("grants") { [accounts, earning] () throws(SystemError) in
      var facts = try GrantFacts(
        credential: accounts.credential(ofUser:), mayEarn: earning.contains)
      facts.areUsersKnown = { accounts.problem == nil }
      facts.isOnLink = { client in
        surroundings.current().links.contains { $0.contains(client) }
      }
      return Grants(
        path: server.state, disk: disk, rules: configuration.grantRules, facts: facts
      ) { Log.say(.warning, $0) }
    }
    grants.trouble = { troubles.set("grants", $0) }
    conduct = Conduct(configuration.clientRules) { [grants, trusted, earning] client in
      if trusted.contains(client) { return .trusted }
      if grants.grant(of: client) != nil { return .known }
      return earning.contains(client) ? .candidate : .stranger
    }
    gate = ConnectionGate(
      total: configuration.limits.connections,
      perClient: configuration.limits.connectionsPerClient, conduct: conduct)
    let servers = configuration.dns.nameservers
    resolver = Resolver(servers.isEmpty ? NameServers() : NameServers(servers))
    resolver.trouble = { troubles.set("/etc/resolv.conf", $0) }
    resolver.currentServers()
  }

  /// The secret behind the decoys of the accounts; nil, with a warning, where none can be kept.
  private static func decoySecret(_ state: String) -> [UInt8]? {
    do throws(SystemError) { return try DecoySecret.read(path: state) } catch {
      Log.say(
        .warning,
        "\(state)/\(DecoySecret.name): \(error); names that no user has get other salts until the next start"
      )
      return nil
    }
  }
}

extension Troubles {
  /// Notes a trouble, or its end where the sentence is nil.
  func set(_ subject: String, _ sentence: String?) {
    if let sentence { begin(subject, sentence) } else { end(subject, "is in use again") }
  }
}
