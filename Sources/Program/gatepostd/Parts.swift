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
import TLS

/// What the services are made of, opened in the order in which an error is most useful.
@Loop
struct Parts {
  /// What the daemon does without at the moment.
  let troubles = Troubles()
  let disk: WorkerPool
  let lock: SpoolLock
  let spool: Spool
  let maildrops: Maildrops
  let accounts: Accounts
  let recipients: LocalRecipients
  /// The clients that may relay without proof.
  let trusted: ListedClients
  /// The clients whose POP3 login lets them send for a while.
  let earning: ListedClients
  let grants: Grants
  let identity: ServerIdentity
  let conduct: Conduct
  let gate: ConnectionGate
  let resolver: Resolver

  /// Opens everything, and makes the spool's and the state directory if only they are missing.
  init(_ configuration: Configuration) throws(StartError) {
    let server = configuration.server
    let disk = WorkerPool(threads: 2)
    self.disk = disk
    for path in [server.spool, server.state] { try Self.make(path) }
    lock = try SpoolLock(server.spool)
    identity = try StartError.about("TLS") { () throws(TLSError) in
      try Self.identity(configuration)
    }
    let upgrades = try StartError.about("state \(server.state)") { () throws(SystemError) in
      try Upgrades(path: server.state, disk: disk) { Log.say(.warning, $0) }
    }
    accounts = try StartError.about("users") { () throws(UsersFileError) in
      // A thread of its own: whoever floods us with passwords must not hold up what is synced.
      try Accounts(
        path: server.users, domains: server.domains, workers: WorkerPool(threads: 1),
        upgrades: upgrades
      ) {
        Log.say(.error, $0)
      }
    }
    accounts.setUpgradesHashes(server.upgradesHashes)
    let aliases = try StartError.about("aliases") { () throws(UsersFileError) in
      try Aliases(path: configuration.local.aliases) { Log.say(.error, $0) }
    }
    recipients = LocalRecipients(
      accounts: accounts, aliases: aliases, rules: configuration.localRules)
    spool = try StartError.about("spool \(server.spool)") { () throws(SystemError) in
      try Spool(path: server.spool, disk: disk)
    }
    maildrops = try StartError.about("spool \(server.spool)") { () throws(SystemError) in
      try Maildrops(spoolPath: server.spool, disk: disk)
    }
    let surroundings = SurroundingsCache()
    trusted = ListedClients(configuration.relay.networks, surroundings: surroundings)
    earning = ListedClients([], surroundings: surroundings)
    earning.take(configuration.popBeforeSMTP)
    grants = try StartError.about("state \(server.state)") {
      [accounts, earning] () throws(SystemError) in
      var facts = try GrantFacts(
        credential: accounts.credential(ofUser:), mayEarn: earning.contains)
      facts.isOnLink = { client in
        surroundings.current().links.contains { $0.contains(client) }
      }
      return try Grants(
        path: server.state, disk: disk, rules: configuration.grantRules, facts: facts
      ) { Log.say(.warning, $0) }
    }
    conduct = Conduct(configuration.clientRules) { [grants, trusted, earning] client in
      if trusted.contains(client) { return .trusted }
      let isKnown =
        earning.contains(client) || grants.grant(of: client) != nil
      return isKnown ? .known : .stranger
    }
    gate = ConnectionGate(
      total: configuration.limits.connections,
      perClient: configuration.limits.connectionsPerClient, conduct: conduct)
    let servers = configuration.dns.nameservers
    resolver = Resolver(servers.isEmpty ? NameServers() : NameServers(servers))
  }

  /// Makes a directory whose parent is there: packages make them, scratch set-ups need not.
  static func make(_ path: String) throws(StartError) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
    let name = String(path[slash...].dropFirst())
    let parent = slash == path.startIndex ? "/" : String(path[..<slash])
    if name.isEmpty { return }
    do throws(SystemError) {
      try Directory(path: parent).makeDirectory(name)
    } catch {
      throw StartError("\(path): cannot be made: \(error); make it and give it to this user")
    }
  }

  /// The certificate of the listeners, made on the first start if there is none.
  private static func identity(_ configuration: Configuration) throws(TLSError) -> ServerIdentity {
    let tls = configuration.tls
    let presence = try SelfSignedCertificate.ensure(
      certificatePath: tls.certificate, keyPath: tls.key,
      hostName: configuration.server.hostname.text)
    if presence == .made {
      Log.say(.notice, "\(tls.certificate): a self-signed certificate was made")
    }
    let contexts = try contexts(configuration)
    return ServerIdentity(contexts.usual, oldContext: contexts.old)
  }

  /// The server's side of TLS, and that for old clients where a profile lets them in.
  static func contexts(
    _ configuration: Configuration
  ) throws(TLSError) -> (usual: TLSContext, old: TLSContext?) {
    let (certificate, key) = (configuration.tls.certificate, configuration.tls.key)
    var old: TLSContext?
    if configuration.profiles.contains(where: \.allowsOldTLS) {
      old = try TLSContext.server(certificatePath: certificate, keyPath: key, minimum: .tls10)
    }
    return (try TLSContext.server(certificatePath: certificate, keyPath: key), old)
  }
}

/// What keeps a second daemon from delivering the same queue, for as long as this one lives.
final class SpoolLock: Sendable {
  private let directory: Directory

  init(_ path: String) throws(StartError) {
    do throws(SystemError) {
      directory = try Directory(path: path)
      try directory.lock()
    } catch let error where error.isWouldBlock {
      throw StartError("spool \(path): another gatepostd works on it; stop that one first")
    } catch {
      throw StartError("spool \(path): \(error)")
    }
  }
}
