import Mail
import Platform
import Spool

/// Whether mail can leave at all: the way out, and the name servers, for all destinations together.
///
/// An outage is certain only by what no destination has a say in: the kernel has no default route, or no name server
/// answers a question that has nothing to do with the mail. Then mail for exchangers is put off without an attempt. What
/// happens to the mail for one destination is never a reason to hold that for another.
/// `docs/decisions/0010-outages.md` has the model as a table.
///
/// **Limits**: `Limits.outageMessages` messages are remembered as probes, `Limits.deadHops` destinations as tried in vain.
struct Outage {
  /// Why nothing leaves.
  enum Cause: Sendable {
    /// The kernel has no default route.
    case noRoute
    /// No name server answers anything.
    case noNameServer

    /// As the log and the messages that wait say it.
    var reason: String {
      switch self {
      case .noRoute: "the network cannot be reached: this machine has no default route"
      case .noNameServer: "no name server answers"
      }
    }
  }

  /// What was found out about the surroundings after an attempt has reached no server.
  struct Finding: Sendable {
    /// Whether the kernel has a default route.
    var hasRoute: Bool
    /// Whether a name server answers.
    var hasNameServer: Bool
  }

  /// How an attempt to find out ended the outage.
  enum End: Equatable, Sendable {
    /// Mail was held back.
    case outage
    /// Several destinations could not be reached for a while, each by itself.
    case silence
  }

  /// A destination that waits, and a message for it.
  private struct Probe {
    let hop: Hop
    let id: QueueID
  }

  /// Why mail is put off; nil while it is not.
  private(set) var cause: Cause?
  /// Since when.
  private(set) var since = Instant(nanoseconds: 0)
  /// When it is found out next whether it is over.
  private(set) var nextProbe = Instant.distantFuture
  private var pause = Duration.zero
  /// Those that wait, the next one to be tried first.
  private var waiting: [Probe] = []
  /// The destinations that were tried since it began.
  private var tried: Set<Hop> = []
  /// The destination whose turn it is to find out.
  private var chosen: Hop?
  /// Whether nobody was there whose turn it would have been: the next destination that was not tried finds out.
  private var isOpen = false
  /// Whether mail leaves although there is no default route, as in a network that is closed.
  private var needsNoRoute = false
  /// Two destinations at most that were not reached since the last success, and the time of the first failure.
  private var unreached: [Hop] = []
  private var silentSince = Instant(nanoseconds: 0)

  /// Whether the name servers have to be asked, too, to know what an attempt means that has reached no server.
  func needsNameServers(hasRoute: Bool) -> Bool { cause == nil && (hasRoute || needsNoRoute) }

  /// Notes that no server of a destination was reached; says whether an outage begins with it.
  ///
  /// - Parameter id: the message that was to go there.
  mutating func note(
    unreached hop: Hop, with id: QueueID, _ finding: Finding, at now: Instant
  ) -> Bool {
    guard !hop.isLocal else { return false }
    if unreached.isEmpty { silentSince = now }
    if unreached.count < 2, !unreached.contains(where: { $0.isSameDestination(as: hop) }) {
      unreached.append(hop)
    }
    if finding.hasRoute { needsNoRoute = false }
    let begins: Bool
    if cause == nil, let found = cause(finding) {
      (cause, since, pause, begins) = (found, now, Limits.firstProbe, true)
      nextProbe = now + pause
    } else {
      begins = false
    }
    guard cause != nil else { return false }
    if tried.count < Limits.deadHops { tried.insert(hop) }
    wait(hop, id)
    return begins
  }

  private func cause(_ finding: Finding) -> Cause? {
    if !finding.hasRoute, !needsNoRoute { return .noRoute }
    return finding.hasNameServer ? nil : .noNameServer
  }

  /// Whether a message for a destination is put off now.
  ///
  /// A server that the admin has named is always tried: it may be on a link of this machine, and one that is down has
  /// a pause of its own. So is an address of IPv4 or IPv6 in place of a domain while the name servers are silent.
  mutating func holds(_ hop: Hop, _ id: QueueID, at now: Instant) -> Bool {
    guard let cause, hop.server == nil else { return false }
    if cause == .noNameServer, hop.domain?.hasPrefix("[") == true { return false }
    if chosen == hop {
      chosen = nil
      return false
    }
    if isOpen || nextProbe <= now, !tried.contains(hop) {
      if !isOpen { delayProbe(at: now, cap: pause) }
      isOpen = false
      return false
    }
    wait(hop, id)
    return true
  }

  private mutating func wait(_ hop: Hop, _ id: QueueID) {
    guard waiting.count < Limits.outageMessages, !waiting.contains(where: { $0.hop == hop }) else {
      return
    }
    waiting.append(Probe(hop: hop, id: id))
  }

  /// Has a destination find out whether the outage is over, as what was asked about the surroundings says that it is not.
  ///
  /// They take turns, those first that were not tried since it began: what caused it is the last to be tried.
  ///
  /// - Parameters:
  ///   - cap: the longest pause; each is twice the one before.
  ///   - makeDue: has the message tried, if it still waits.
  mutating func probe(at now: Instant, cap: Duration, _ makeDue: (Hop, QueueID) -> Bool) {
    delayProbe(at: now, cap: cap)
    isOpen = true
    while let place = waiting.firstIndex(where: { !tried.contains($0.hop) })
      ?? waiting.indices.first
    {
      let probe = waiting.remove(at: place)
      guard makeDue(probe.hop, probe.id) else { continue }
      (chosen, isOpen) = (probe.hop, false)
      return
    }
  }

  private mutating func delayProbe(at now: Instant, cap: Duration) {
    pause = min(pause * 2, max(cap, Limits.firstProbe))
    nextProbe = now + pause
  }

  /// Lets the next message find out: the one that was to has not come as far as the network.
  mutating func giveBackProbe() { isOpen = cause != nil }

  /// Notes that a server was reached.
  ///
  /// One that the admin has named says nothing while there is no default route, unless it was not reached before: it
  /// is on a link, or has a route of its own. None says anything of the name servers: its address may have been known.
  ///
  /// - Parameter hasRoute: asked only while there is an outage for want of a default route.
  /// - Returns: what has ended with it; nil for nothing.
  mutating func note(reached hop: Hop, at now: Instant, hasRoute: () -> Bool) -> End? {
    guard !hop.isLocal, cause != .noNameServer else { return nil }
    let lacksRoute = cause == .noRoute && !hasRoute()
    if lacksRoute, hop.server != nil, !tried.contains(hop) { return nil }
    let end: End? =
      if cause != nil {
        .outage
      } else if unreached.count > 1, now - silentSince >= Limits.silence {
        .silence
      } else {
        nil
      }
    needsNoRoute = needsNoRoute || lacksRoute
    finish()
    return end
  }

  /// Forgets the outage; what is known of the network stays.
  mutating func finish() {
    let needsNoRoute = needsNoRoute
    self = Outage()
    self.needsNoRoute = needsNoRoute
  }
}
