import DNS
import EventLoop
import Log
import Platform
import Spool

/// When nothing is sent anywhere, and how it is found out that it can be again.
extension Relayer {
  /// The subject of the trouble in the log and in the status.
  static let network = "network"

  /// Why a message for exchangers is not sent now; nil if there is no reason, or if this is the attempt that is to find
  /// out whether there still is one.
  func outageObstacle(to hop: Hop, _ id: QueueID) -> String? {
    guard let cause = outage.cause else { return nil }
    if cause == .noNameServer, resolver.lastAnswer > outage.since {
      end("a name server answers again")
    }
    return outage.holds(hop, id, at: now) ? cause.reason : nil
  }

  /// Notes that no server of a destination was reached, and finds out whether that is due to the destination.
  ///
  /// - Parameters:
  ///   - isNameServer: whether no name server has answered.
  ///   - start: when the attempt began.
  func noteUnreached(_ hop: Hop, _ id: QueueID, isNameServer: Bool, since start: Instant) async {
    let hasRoute = surroundings().hasWayOut
    var finding = Outage.Finding(hasRoute: hasRoute, hasNameServer: true)
    if isNameServer, !hop.isLocal, outage.needsNameServers(hasRoute: hasRoute) {
      finding.hasNameServer = await resolver.isAnswering(since: start)
    }
    guard outage.note(unreached: hop, with: id, finding, at: now), let cause = outage.cause else {
      return
    }
    troubles.begin(
      Self.network, "offline: \(cause.reason); mail waits, and leaves when that has changed")
    spool.arrival.signal()
  }

  /// Notes that a server has been reached.
  func noteReached(_ hop: Hop) {
    switch outage.note(reached: hop, at: now, hasRoute: { surroundings().hasWayOut }) {
    case .outage: end("\(hop) can be reached")
    case .silence: recoverNetwork()
    case nil: break
    }
  }

  /// Forgets which destinations are down, and the outage, before all is tried.
  func forgetFailures(where matches: (Hop) -> Bool) {
    hops.forgetFailures(where: matches)
    forgetOutage("all mail is tried again")
  }

  /// Forgets the outage, if there is one, and nothing else; it is found out anew whether there is one.
  func forgetOutage(_ sentence: String) {
    outage.finish()
    troubles.end(Self.network, sentence)
  }

  private func end(_ reason: String) {
    forgetOutage("online: \(reason)")
    recoverNetwork()
  }

  /// Has all mail tried that waits, but for the own networks.
  private func recoverNetwork() {
    hops.forgetFailures { !$0.isLocal }
    recovered.append(.network)
    spool.arrival.signal()
  }

  /// When it is looked next whether the outage is over; with no mail to send nobody needs to know.
  var nextProbe: Instant {
    guard outage.cause != nil, !isProbing, spool.firstDue.map({ $0 < .distantFuture }) == true
    else {
      return .distantFuture
    }
    return .now + (outage.nextProbe - now)
  }

  /// Looks whether the outage is over, when it is time to.
  func probe(in group: inout DiscardingTaskGroup) {
    guard nextProbe <= .now else { return }
    isProbing = true
    group.addTask { [self] in await probe() }
  }

  private func probe() async {
    defer {
      isProbing = false
      spool.arrival.signal()
    }
    let since = outage.since
    switch outage.cause {
    case .noRoute:
      if surroundings().hasWayOut { return end("there is a default route again") }
    case .noNameServer:
      // Somebody else's question may have had an answer meanwhile.
      if await resolver.isAnswering(since: since) { return end("a name server answers again") }
    case nil: return
    }
    guard outage.cause != nil else { return }
    outage.probe(at: now, cap: pause) { hop, id in
      guard !spool.makeDue([id]).isEmpty else { return false }
      // Its own pause, too, ends for the attempt.
      hops.forgetFailures { $0 == hop }
      return true
    }
  }
}
