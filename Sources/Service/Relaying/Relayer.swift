package import DNS
package import EventLoop
package import Log
package import Mail
import Network
import Platform
package import Spool
import TLS

/// The relaying of queued mail: takes what is due, delivers it, puts back what has to wait.
///
/// **Limits**: `Limits.deliveries` messages at the same time; those of `HopTable` for connections. No
/// delivery waits for a place: its message stands in line (`HopLines`).
///
/// **Failures**: none ends it. What a destination or the disk does to a message postpones that
/// message; no network, no name server and no smarthost are such reasons.
@Loop
package final class Relayer {
  /// The settings, replaced as a whole when the configuration is read again.
  package var settings: RelayingSettings {
    didSet {
      settingsVersion += 1
      if settings.hasOtherWays(than: oldValue) { recovered.append(.settings(before: oldValue)) }
      tlsContexts = [:]
      reportAllowance.perHour = settings.reportsPerHour
      servers.forget()
      forgetOutage("the configuration was read again")
      // Under the new settings they are of no use, and hold the places of those that would be.
      leaving += connections.takeAll()
      spool.arrival.signal()
    }
  }
  /// Counts the changes of the settings.
  private(set) var settingsVersion = 0
  /// How long servers may be silent.
  var patience = Patience()
  /// Whose certificates count where they are checked.
  var authorities = TLSTrust.systemAuthorities
  let spool: Spool
  let resolver: Resolver
  private let destination: @Loop (Mailbox) -> ReportingMTA.Destination
  private let reportAllowance: ReportAllowance
  var hops = HopTable()
  var turns = Turns()
  var outage = Outage()
  var tlsFailures = TLSFailures()
  let connections: HopConnections
  let lines: HopLines
  let servers = KnownServers()
  /// Whether the last message came out of the queue, so that a line has its turn.
  private var isLinesTurn = false
  /// Whether it is being found out whether an outage is over.
  var isProbing = false
  /// What is wrong with the network, for the log and the status.
  let troubles: Troubles
  /// The addresses and routes of this machine at this moment.
  var surroundings: @Loop () -> Surroundings = {
    do throws(SystemError) { return try Surroundings.read() } catch {
      return .unknown(because: error)
    }
  }
  /// The same, as it was a minute ago at most.
  var links = SurroundingsCache()
  /// Where mail is taken again that waits for it, and nobody has called it yet.
  var recovered: [Recovery] = []
  /// When it may be called next.
  var nextRecovery = Instant(nanoseconds: 0)
  /// How far a test has moved the time on in which nothing is sent somewhere.
  var skipped = Duration.zero
  /// The second of the local day.
  var secondOfDay: () -> Int = { WallClock.localSecondOfDay }
  /// Signalled when the place of a connection is given to another.
  let placeFreed = Condition()
  private var tlsContexts: [TLSSetting: TLSContext] = [:]
  /// A first message of TLS that is longer, and is not answered, is tried once more in short.
  var longHelloBytes = Limits.longHelloBytes
  /// The messages that are being delivered.
  private(set) var delivering: [QueuedMessage] = []
  /// Whether messages have been taken from the queue and not been put back.
  package var isWorking: Bool { !delivering.isEmpty || isActing }
  /// How many they are.
  var active: Int { delivering.count }
  /// Whether a command of an admin is being carried out.
  var isActing = false
  /// How many were begun since there was last nothing to do.
  private var begun = 0
  /// Sessions that are to be closed.
  private var leaving: [(hop: Hop, session: HopSession)] = []

  /// - Parameters:
  ///   - troubles: gets to know of an outage.
  ///   - destination: where mail for an address in one of our domains goes; to nobody if
  ///     there is no such address.
  package init(
    settings: RelayingSettings, spool: Spool, resolver: Resolver, troubles: Troubles = Troubles(),
    destination: @escaping @Loop (Mailbox) -> ReportingMTA.Destination
  ) {
    self.settings = settings
    self.destination = destination
    self.spool = spool
    self.resolver = resolver
    self.troubles = troubles
    connections = HopConnections()
    lines = HopLines(spool: spool)
    reportAllowance = ReportAllowance(perHour: settings.reportsPerHour) { Log.say(.warning, $0) }
  }

  /// The longest wait between two attempts.
  package var longestWait: Duration {
    RetrySchedule(waits: settings.retry, lifetime: settings.lifetime).longestWait
  }

  /// Works until the program is to stop, then until the attempts under way have ended.
  package func run() async {
    await withDiscardingTaskGroup { group in
      repeat {
        callRecovered(in: &group)
        probe(in: &group)
        while active < Limits.deliveries, let message = next() {
          delivering.append(message)
          begun += 1
          group.addTask { [self] in await deliver(message) }
        }
        // With nothing to do nobody's connection is held open.
        if active == 0, nextTurn > .now + Limits.shortTurn { rest() }
        closeLeaving(in: &group)
      } while await waitForWork()
    }
    leaving += connections.takeAll()
    await withDiscardingTaskGroup { group in closeLeaving(in: &group) }
  }

  /// The next message to deliver: the lines and the queue take turns.
  private func next() -> QueuedMessage? {
    defer { isLinesTurn.toggle() }
    return isLinesTurn
      ? lines.call(room) ?? spool.takeDue(at: .now) : spool.takeDue(at: .now) ?? lines.call(room)
  }

  /// Gives back what the work that has just ended has used.
  private func rest() {
    leaving += connections.takeAll()
    hops.forgetUse()
    if begun >= Limits.burst { Heap.trim() }
    begun = 0
  }

  /// Returns when there may be something to do; false when the program is to stop.
  private func waitForWork() async -> Bool {
    let due =
      active < Limits.deliveries ? min(spool.firstDue ?? .distantFuture, nextTurn) : .distantFuture
    let wait = min(due, nextProbe, recovered.isEmpty ? .distantFuture : nextRecovery)
    do throws(WaitError) {
      try await spool.arrival.wait(until: wait)
    } catch {
      return error == .timedOut
    }
    return true
  }

  private func deliver(_ message: QueuedMessage) async {
    await MessageDelivery(message, relayer: self).run()
    delivering.removeAll { $0.name == message.name }
    lines.endCall(of: message)
    spool.arrival.signal()
  }

  /// Closes sessions beside everything else: a server may take its time to say goodbye.
  private func closeLeaving(in group: inout DiscardingTaskGroup) {
    for (hop, session) in leaving {
      group.addTask { [self] in await close(session, of: hop) }
    }
    leaving = []
  }

  /// Closes a session, and gives its place to another.
  func close(_ session: HopSession, of hop: Hop) async {
    await session.close()
    freePlace(hop)
  }

  // MARK: What the deliveries share

  /// This host as it reports now.
  package var reports: ReportingMTA { reporting(settings) }

  /// This host as it reports under these settings.
  func reporting(_ settings: RelayingSettings) -> ReportingMTA {
    ReportingMTA(
      host: settings.hostname, postmaster: settings.postmaster, notify: settings.notify,
      allowance: reportAllowance, spool: spool
    ) { [destination] mailbox in
      let isOurs = mailbox == settings.postmaster || settings.domains.contains(mailbox.domain)
      return isOurs && settings.handovers[mailbox.domain] == nil ? destination(mailbox) : nil
    }
  }

  /// What one context of TLS is for.
  private struct TLSSetting: Hashable {
    var trust: TLSTrust
    var needsTLS13: Bool
    var hasShortHello: Bool
  }

  /// The client side of TLS for a policy of a route; nil where TLS is not used.
  ///
  /// With the authorities as they are now: a context of others is given up, and what it has resumed sessions by.
  func tlsContext(
    for encryption: RelayingSettings.Encryption, of route: Route, hasShortHello: Bool
  ) throws(TLSError) -> TLSContext? {
    let trust: TLSTrust
    switch encryption {
    case .none: return nil
    case .opportunistic, .required: trust = .anyone
    case .verified: trust = route.authorities.map { .authorities(path: $0) } ?? authorities
    case .pinned(let digests): trust = .fingerprints(digests)
    }
    let setting = TLSSetting(
      trust: trust, needsTLS13: route.needsTLS13, hasShortHello: hasShortHello)
    if let known = tlsContexts[setting], known.isCurrent { return known }
    tlsContexts[setting] = nil
    let context = try TLSContext.client(
      trust: trust, minimum: route.needsTLS13 ? .tls13 : .tls12, hasShortHello: hasShortHello)
    tlsContexts[setting] = context
    return context
  }

  /// Keeps a session for the next message to its destination.
  func keep(_ session: HopSession, for hop: Hop) {
    if hop.version != settingsVersion { return discard(session, of: hop) }
    if let oldest = connections.put(session, for: hop) { discard(oldest.session, of: oldest.hop) }
    spool.arrival.signal()
  }

  /// Has a session closed, and its place given to another then; waits for neither.
  func discard(_ session: HopSession, of hop: Hop) {
    leaving.append((hop, session))
    spool.arrival.signal()
  }

  /// Gives the place of a connection to another.
  func freePlace(_ hop: Hop) {
    hops.freePlace(hop)
    placeFreed.signal()
    spool.arrival.signal()
  }

  /// Notes that a message has had an answer, so that as many connect as may, and what waits for a
  /// destination that was down is tried.
  func noteUse(of hop: Hop) {
    if hops.noteUse(hop) { recovered.append(.destination(hop)) }
    spool.arrival.signal()
  }

  /// How many connections to one destination there may be now.
  ///
  /// So that some destinations which fall silent together leave room for the others.
  func connectionLimit(of route: Route?) -> Int {
    active > Limits.deliveries / 2 ? 1 : route?.connections ?? Limits.connectionsPerHop
  }

  /// Notes that nothing came of a connection; says whether the destination is down.
  func noteFailure(of hop: Hop, reason: String) -> Bool {
    hops.noteFailure(hop, reason: reason, at: now, pause: pause)
  }

  /// The time by which pauses and turns are kept.
  var now: Instant { .now + skipped }

  /// How long nothing is sent to a destination that is down.
  var pause: Duration { min(Limits.deadHopPause, settings.retry[0] / 2) }
}
