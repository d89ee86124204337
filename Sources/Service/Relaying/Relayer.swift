package import DNS
package import EventLoop
package import Mail
import Platform
package import Spool
import TLS

/// The relaying of queued mail: takes what is due, delivers it, puts back what has to wait.
///
/// **Limits**: `Limits.deliveries` messages at the same time, `Limits.connectionsPerHop` connections
/// to one destination.
///
/// **Failures**: none ends it. What a destination or the disk does to a message postpones that
/// message; no network, no name server and no smarthost are such reasons.
@Loop
package final class Relayer {
  /// The settings, replaced as a whole when the configuration is read again.
  package var settings: RelayingSettings {
    didSet {
      hops.forgetFailures()
      tlsContexts = []
    }
  }
  let spool: Spool
  let resolver: Resolver
  private let user: @Loop (Mailbox) -> String
  var hops = HopTable()
  let connections: HopConnections
  /// Signalled when a connection to some destination has ended.
  let placeFreed = Condition()
  private var tlsContexts: [(trust: TLSTrust, context: TLSContext)] = []
  private var active = 0

  /// - Parameter user: the name of the maildrop for an address in one of our domains.
  package init(
    settings: RelayingSettings, spool: Spool, resolver: Resolver,
    user: @escaping @Loop (Mailbox) -> String
  ) {
    self.settings = settings
    self.user = user
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
      while await waitForWork() {
        while active < Limits.deliveries, let message = spool.takeDue(at: .now) {
          active += 1
          group.addTask { [self] in await deliver(message) }
        }
      }
    }
    await closeIdle()
  }

  /// Returns when something may be due; false when the program is to stop.
  private func waitForWork() async -> Bool {
    let due = active < Limits.deliveries ? spool.firstDue ?? .distantFuture : .distantFuture
    if due <= .now { return true }
    // With nothing to do nobody's connection is held open.
    if active == 0 { await closeIdle() }
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

  // MARK: What the deliveries share

  /// The name of the maildrop for an address in one of our domains.
  func user(for mailbox: Mailbox) -> String { user(mailbox) }

  /// The client side of TLS for a policy; nil where TLS is not used.
  func tlsContext(for encryption: RelayingSettings.Encryption) throws(TLSError) -> TLSContext? {
    if encryption == .none { return nil }
    let trust: TLSTrust = encryption == .verified ? .systemAuthorities : .anyone
    if let known = tlsContexts.first(where: { $0.trust == trust }) { return known.context }
    let context = try TLSContext.client(trust: trust)
    tlsContexts.append((trust, context))
    return context
  }

  /// Closes a session and gives its place to another.
  func close(_ session: HopSession, of hop: Hop) async {
    await session.close()
    freePlace(hop)
  }

  func freePlace(_ hop: Hop) {
    hops.freePlace(hop)
    placeFreed.signal()
  }

  private func closeIdle() async {
    for (hop, session) in connections.takeAll() { await close(session, of: hop) }
  }
}
