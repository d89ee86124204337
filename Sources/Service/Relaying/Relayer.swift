package import DNS
package import EventLoop
package import Mail
import Platform
package import Spool
import TLS

/// The relaying of queued mail: takes what is due, delivers it, puts back what has to wait.
///
/// **Limits**: `Limits.deliveries` messages at the same time; those of `HopTable` for connections.
///
/// **Failures**: none ends it. What a destination or the disk does to a message postpones that
/// message; no network, no name server and no smarthost are such reasons.
@Loop
package final class Relayer {
  /// The settings, replaced as a whole when the configuration is read again.
  package var settings: RelayingSettings {
    didSet {
      settingsVersion += 1
      tlsContexts = []
      servers.forget()
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
  var hops = HopTable()
  let connections: HopConnections
  let servers = KnownServers()
  /// Signalled when there may be a session or a place for a message that waits for one.
  let placeFreed = Condition()
  private var tlsContexts: [(trust: TLSTrust, context: TLSContext)] = []
  /// How many messages are being delivered.
  private(set) var active = 0
  /// How many were begun since there was last nothing to do.
  private var begun = 0
  /// Sessions that are to be closed.
  private var leaving: [(hop: Hop, session: HopSession)] = []

  /// - Parameter destination: where mail for an address in one of our domains goes.
  package init(
    settings: RelayingSettings, spool: Spool, resolver: Resolver,
    destination: @escaping @Loop (Mailbox) -> ReportingMTA.Destination
  ) {
    self.settings = settings
    self.destination = destination
    self.spool = spool
    self.resolver = resolver
    connections = HopConnections()
  }

  /// The longest wait between two attempts.
  package var longestWait: Duration {
    RetrySchedule(waits: settings.retry, lifetime: settings.lifetime).longestWait
  }

  /// Works until the program is to stop, then until the attempts under way have ended.
  package func run() async {
    await withDiscardingTaskGroup { group in
      repeat {
        while active < Limits.deliveries, let message = spool.takeDue(at: .now) {
          active += 1
          begun += 1
          group.addTask { [self] in await deliver(message) }
        }
        // With nothing to do nobody's connection is held open.
        if active == 0 { rest() }
        closeLeaving(in: &group)
      } while await waitForWork()
    }
    leaving += connections.takeAll()
    await withDiscardingTaskGroup { group in closeLeaving(in: &group) }
  }

  /// Gives back what the work that has just ended has used.
  private func rest() {
    leaving += connections.takeAll()
    if begun >= Limits.burst { Heap.trim() }
    begun = 0
  }

  /// Returns when there may be something to do; false when the program is to stop.
  private func waitForWork() async -> Bool {
    let due = active < Limits.deliveries ? spool.firstDue ?? .distantFuture : .distantFuture
    do throws(WaitError) {
      try await spool.arrival.wait(until: due)
    } catch {
      return error == .timedOut
    }
    return true
  }

  private func deliver(_ message: QueuedMessage) async {
    await MessageDelivery(message, relayer: self).run()
    active -= 1
    spool.arrival.signal()
  }

  /// Closes sessions beside everything else: a server may take its time to say goodbye.
  private func closeLeaving(in group: inout DiscardingTaskGroup) {
    for (hop, session) in leaving {
      group.addTask { [self] in await close(session, of: hop) }
    }
    leaving = []
  }

  private func close(_ session: HopSession, of hop: Hop) async {
    await session.close()
    freePlace(hop)
  }

  /// Tries the waiting mail for some domains now, those that are down included.
  ///
  /// - Returns: how many messages it is; nil if the queue is being searched already.
  /// - Parameter matches: says whether a domain is meant; called on a worker too.
  package func flush(_ matches: @Sendable (Domain) -> Bool) async -> Int? {
    hops.forgetFailures { hop in
      // A server that has the mail of many domains is asked again for each.
      hop.domain.map { Domain($0).map(matches) ?? false } ?? true
    }
    return await spool.makeDue { envelope in
      envelope.recipients.contains { recipient in
        recipient.state == .toDo && recipient.path?.mailbox.map { matches($0.domain) } ?? false
      }
    }
  }

  // MARK: What the deliveries share

  /// This host as it reports now.
  package var reports: ReportingMTA { reporting(settings) }

  /// This host as it reports under these settings.
  func reporting(_ settings: RelayingSettings) -> ReportingMTA {
    ReportingMTA(host: settings.hostname, postmaster: settings.postmaster, spool: spool) {
      [destination] mailbox in
      let isOurs = mailbox == settings.postmaster || settings.domains.contains(mailbox.domain)
      return isOurs && settings.handovers[mailbox.domain] == nil ? destination(mailbox) : nil
    }
  }

  /// The client side of TLS for a policy; nil where TLS is not used.
  func tlsContext(for encryption: RelayingSettings.Encryption) throws(TLSError) -> TLSContext? {
    if encryption == .none { return nil }
    let trust: TLSTrust = encryption == .verified ? authorities : .anyone
    if let known = tlsContexts.first(where: { $0.trust == trust }) { return known.context }
    let context = try TLSContext.client(trust: trust)
    tlsContexts.append((trust, context))
    return context
  }

  /// Keeps a session for the next message to its destination.
  func keep(_ session: HopSession, for hop: Hop) {
    hops.noteUse(hop)
    if let oldest = connections.put(session, for: hop) { discard(oldest.session, of: oldest.hop) }
    placeFreed.signal()
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
  }

  /// Lets as many connect as may, now that one has.
  func noteSuccess(of hop: Hop) {
    hops.noteSuccess(hop)
    placeFreed.signal()
  }

  /// Notes that nothing came of a connection; says whether the destination is down.
  func noteFailure(of hop: Hop, hadSession: Bool = false, reason: String) -> Bool {
    hops.noteFailure(
      hop, hadSession: hadSession, reason: reason, at: .now,
      pause: min(Limits.deadHopPause, settings.retry[0] / 2))
  }
}
