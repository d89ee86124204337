import Accounts
import Configuration
import DNS
import EventLoop
import Grants
import Log
import Mail
import Network
import Platform
import Receiving
import Relaying
import Retrieval
import Spool
import TLS

/// The program: the services on one event loop, from the start to the last connection.
@Loop
final class Daemon {
  private let file: String
  /// The configuration as it was read last, and as the parts were made that no reload changes.
  private var configuration: Configuration
  private let firstConfiguration: Configuration
  private let troubles: Troubles
  private let opening: SpoolOpening
  private let state: StateOpening
  private let spool: Spool
  private let grants: Grants
  private let gate: ConnectionGate
  private let certificates: Certificates
  private let conduct: Conduct
  private let trusted: ListedClients
  private let earning: ListedClients
  private let accounts: Accounts
  private let recipients: LocalRecipients
  private let receiver: Receiver
  private let retrieval: Retrieval
  private let relayer: Relayer
  private let listeners: Listeners
  private let control: ControlService
  private let signals: SignalSource

  /// How long sessions may go on after the signal to stop.
  private static let drain: Duration = .seconds(20)

  /// Runs the daemon with the configuration in a file; returns the exit code.
  nonisolated static func start(file: String) -> Int32 {
    let configuration: Configuration
    do throws(ConfigurationError) {
      configuration = try Configuration.load(path: file, isStarting: true)
    } catch {
      for diagnostic in error.diagnostics { Log.say(.error, diagnostic.description) }
      return error.isTemporary ? temporaryError : configurationError
    }
    for warning in configuration.warnings { Log.say(.warning, warning.description) }
    return Loop.run {
      do throws(StartError) {
        return try await Daemon(configuration, file: file).run()
      } catch {
        Log.say(.error, error.description)
        return systemError
      }
    }
  }

  private init(_ configuration: Configuration, file: String) throws(StartError) {
    try StartError.about("TLS") { () throws(TLSError) in try TLSContext.checkLibrary() }
    let parts = try Parts(configuration)
    self.file = file
    self.configuration = configuration
    firstConfiguration = configuration
    troubles = parts.troubles
    spool = parts.spool
    grants = parts.grants
    certificates = parts.certificates
    state = parts.state
    gate = parts.gate
    conduct = parts.conduct
    trusted = parts.trusted
    earning = parts.earning
    accounts = parts.accounts
    self.recipients = parts.recipients
    retrieval = Retrieval(
      configuration.retrieval, identity: certificates.identity,
      accounts: parts.accounts, grants: parts.grants,
      conduct: parts.conduct, maildrops: parts.maildrops)
    let recipients = parts.recipients
    relayer = Relayer(
      settings: configuration.relaying, spool: parts.spool, resolver: parts.resolver,
      troubles: parts.troubles
    ) { mailbox in
      do throws(UsersFileError) {
        let found = try recipients.resolve(mailbox)
        return ReportingMTA.Destination(users: found?.users ?? [], remote: found?.remote ?? [])
      } catch {
        // Where it cannot be told at this moment, the postmaster hears of it.
        return ReportingMTA.Destination(users: [ReportingMTA.lastMaildrop])
      }
    }
    receiver = Receiver(
      settings: configuration.receiving(isTrusted: trusted.contains),
      parts: Receiver.Parts(
        identity: certificates.identity, spool: parts.spool, accounts: parts.accounts,
        recipients: recipients,
        grants: parts.grants, conduct: parts.conduct, resolver: parts.resolver,
        reports: { [relayer] in relayer.reports }, flush: { [relayer] in await relayer.flush($0) }))
    opening = SpoolOpening(configuration.server.spool, spool, relayer, troubles: troubles)
    listeners = Listeners(configuration.listen, troubles: troubles)
    control = ControlService(
      in: configuration.server.runtime, relayer: relayer, troubles: troubles,
      grants: grants, accounts: parts.accounts, opening: opening,
      connections: { [gate] in gate.count },
      facts: StatusFacts(
        spool: spool, receiver: receiver, certificates: certificates, listeners: listeners,
        troubles: troubles,
        refresh: { [recipients, resolver = parts.resolver] in
          recipients.refresh()
          resolver.currentServers()
        }
      ).list)
    signals = try StartError.about("signals") { () throws(SystemError) in try SignalSource.make() }
  }

  // MARK: Running

  private func run() async -> Int32 {
    control.attempt()
    noteSecrets()
    let isOpen = await opening.attempt()
    warnOfTrust()
    Log.say(
      .notice,
      "gatepostd \(Version.text) ready: \(listeners.description), "
        + (isOpen ? "\(spool.count) messages queued" : "the spool cannot be used yet"))
    tell("READY=1")
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in await serve() }
      group.addTask { [self] in await obeySignals() }
      // The first to end is all services, or the time they had for it.
      await group.next()
      group.cancelAll()
    }
    Log.say(.notice, "gatepostd has stopped")
    return 0
  }

  private func serve() async {
    await withDiscardingTaskGroup { group in
      group.addTask { [self] in
        await listeners.run { [self] service, listener in await serve(service, on: listener) }
      }
      group.addTask { [self] in await opening.run() }
      group.addTask { [self] in await state.run() }
      group.addTask { [self] in await certificates.run() }
      group.addTask { [self] in await awaitSecrets() }
      group.addTask { [self] in await relayer.run() }
      group.addTask { [self] in await troubles.run() }
      group.addTask { [self] in await grants.keepFile() }
      group.addTask { [self] in await accounts.keepUpgrades() }
      group.addTask { [self] in await control.run() }
      group.addTask { await Self.settle() }
    }
  }

  /// Gives back what the start has needed, once the clients that waited for it have been greeted.
  private static func settle() async {
    do throws(WaitError) {
      try await Loop.shared.eventLoop.sleep(until: .now + .seconds(1))
      Footprint.settle()
    } catch {
      // The program stops already.
    }
  }

  private func serve(_ service: ListenerService, on listener: Listener) async {
    switch service {
    case .receiving(let kind):
      // What is said before TLS is noise to a client that begins with it.
      let refusal = kind == .submissions ? "" : Receiver.refusal
      await gate.serve(listener, service: kind.rawValue, refusal: refusal) {
        [receiver] connection in await receiver.serve(connection, as: kind)
      }
    case .retrieval(let kind):
      let refusal = kind == .pop3s ? "" : Retrieval.refusal
      await gate.serve(listener, service: kind.rawValue, refusal: refusal) {
        [retrieval] connection in
        await retrieval.serve(connection, listener: kind.rawValue, beginsWithTLS: kind == .pop3s)
      }
    }
  }

  /// Reloads and stops when told to; returns when the time to stop has passed.
  private func obeySignals() async {
    do throws(WaitError) {
      while try await signals.next() == .reload { reload() }
      Log.say(.notice, "stopping: \(gate.count) connections have \(Self.drain.wholeSeconds) s left")
      tell("STOPPING=1")
      Loop.shared.eventLoop.beginDraining()
      try await Loop.shared.eventLoop.sleep(until: .now + Self.drain, isInterruptible: false)
    } catch {
      // All services have ended before their time was over.
    }
  }

  /// Tells the admin of hosts that seem to be trusted and are not.
  private func warnOfTrust() {
    for sentence in trusted.misconfigurations(of: "[relay] networks") {
      Log.say(.warning, sentence)
    }
  }

  /// Takes over what may change while the program runs; the rest needs a restart.
  private func reload() {
    do throws(ConfigurationError) {
      let configuration = try Configuration.load(path: file)
      for warning in configuration.warnings { Log.say(.warning, warning.description) }
      let settings = Certificates.Settings(configuration)
      do throws(TLSError) {
        certificates.take(settings, try Certificates.Contexts(settings))
      } catch {
        return refuseReload("\(error)")
      }
      trusted.networks = configuration.relay.networks
      conduct.rules = configuration.clientRules
      recipients.rules = configuration.localRules
      accounts.setUpgradesHashes(configuration.server.upgradesHashes)
      receiver.settings = configuration.receiving(isTrusted: trusted.contains)
      earning.take(configuration.popBeforeSMTP)
      grants.rules = configuration.grantRules
      retrieval.settings = configuration.retrieval
      relayer.settings = configuration.relaying
      listeners.take(configuration.listen)
      accounts.domains = Set(configuration.server.domains)
      self.configuration = configuration
      noteSecrets()
      warnOfTrust()
      Log.say(.notice, "configuration read again")
      let keys = firstConfiguration.keysToRestartFor(
        configuration, inherited: listeners.inheritedNames)
      if !keys.isEmpty {
        Log.say(.warning, "the change of \(keys.joined(separator: ", ")) needs a restart")
      }
    } catch {
      refuseReload(error.description)
    }
  }

  /// Tells whether the routes have the logins that they need.
  private func noteSecrets() {
    troubles.set(
      "secrets",
      configuration.loginProblem.map { "\($0); what is to leave with this login waits" })
  }

  /// Reads the secrets again until the routes have their logins.
  // A reload takes none without them, so they are missing from the start or not at all.
  private func awaitSecrets() async {
    await Attempts.repeatUntilDone {
      if configuration.loginProblem == nil { return true }
      configuration.readMissingSecrets()
      noteSecrets()
      guard configuration.loginProblem == nil else { return false }
      relayer.settings = configuration.relaying
      return true
    }
  }

  private func refuseReload(_ reason: String) {
    for line in reason.split(separator: "\n") { Log.say(.error, String(line)) }
    Log.say(.error, "the configuration was not read again: the old one goes on")
  }

  private func tell(_ state: String) {
    do throws(SystemError) { try ServiceManager.notify(state) } catch {
      Log.say(.warning, "systemd cannot be told \(state): \(error)")
    }
  }
}
