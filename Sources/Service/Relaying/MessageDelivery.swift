import EventLoop
import Log
import Mail
import Platform
import SMTP
import Spool

/// What an attempt came to for one recipient.
struct AttemptResult {
  /// The place of the recipient in the envelope.
  let index: Int
  let outcome: Outcome
  /// The destination that has decided it, or was tried last; nil if none was.
  var hop: Hop?
  /// The server that was talked to; nil if none was reached.
  var server: String?
  /// Whether the server tells the sender of a success that wants to know of it.
  var isReportedByServer = false
  /// The version of TLS, `none`, or `failed`.
  var tls = "none"
  /// The policy of TLS, as the configuration names it.
  var policy = "none"
}

/// One attempt to deliver one message to all recipients that are still to be done.
@Loop
struct MessageDelivery {
  let message: QueuedMessage
  let relayer: Relayer
  let settings: RelayingSettings
  let version: Int
  let schedule: RetrySchedule
  /// The line that the message was called from; nil for one that comes out of the queue.
  let caller: HopLines.Key?

  init(_ message: QueuedMessage, relayer: Relayer) {
    self.message = message
    self.relayer = relayer
    caller = relayer.lines.caller(of: message)
    settings = relayer.settings
    version = relayer.settingsVersion
    schedule = RetrySchedule(waits: settings.retry, lifetime: settings.lifetime)
  }

  /// Makes the attempt, and leaves the message removed, put back, or in line at a destination that has no
  /// place for it.
  func run() async {
    let open: OpenMessage
    do throws(Spool.Stranger) {
      open = try await relayer.spool.open(message)
    } catch {
      Log.record(error.event)
      if error.isTemporary {
        await relayer.spool.postpone(
          message, until: .now + Limits.unreadablePause, open: nil, reason: error.reason)
      }
      return
    }
    var wait = schedule.wait(
      attempts: Int(message.attempts),
      age: message.wasTried
        ? schedule.age(arrived: open.envelope.arrived, now: WallClock.now) : nil,
      jitter: message.name.id.fraction)
    // A flush that comes to nothing does not lengthen the wait.
    if message.isAhead, let left = open.timeLeft { wait = min(wait, left) }
    var toDo = open.envelope.recipients.count { $0.state == .toDo }
    var lastReason = ""
    var unmarked: [(index: Int, state: State)] = []
    var waiting: [AttemptResult] = []
    var line: HopLines.Key?
    var groups = groups(open.envelope)[...]
    while let group = groups.popFirst() {
      let results: [AttemptResult]
      switch await attempt(group.hops, group.indices, of: open) {
      case .made(let made): results = made
      case .waits(let key):
        line = line ?? key
        continue
      }
      let settled = await settle(results, of: open, nextIn: wait)
      toDo -= settled.states.count
      waiting += settled.waiting
      if let reason = settled.reason { lastReason = reason }
      if toDo > 0 { await mark(settled.states, of: open) } else { unmarked = settled.states }
      // RFC 5321 §4.5.3.1.10. Each transaction settles one at least, so this ends.
      if !settled.excess.isEmpty { groups = [(group.hops, settled.excess)] + groups }
    }
    if let line, waiting.isEmpty, lastReason.isEmpty {
      stand(in: line, atFront: line == caller)
    } else if let line, line.isOfHop, line != caller {
      // Recipients that were tried must not wait for the whole line, nor the others for a time at which
      // nobody stands in it.
      stand(in: line, atFront: true)
    } else if toDo > 0 {
      await reportDelay(waiting, of: open)
      // What the end of the program has interrupted is tried as soon as it starts again.
      let pause = Loop.shared.eventLoop.isDraining ? .zero : wait
      await relayer.spool.postpone(message, until: .now + pause, open: open, reason: lastReason)
    } else {
      await remove(marking: unmarked, of: open)
    }
  }

  /// Puts the message into a line; one that was called from it was the first there, and is so again.
  private func stand(in line: HopLines.Key, atFront: Bool) {
    if relayer.lines.park(message, for: line, atFront: atFront) { return }
    relayer.spool.putBack(message, until: .now + Limits.linePause)
  }

  /// Removes the message, of which these recipients are not marked yet.
  ///
  /// A file that stays would be sent again after the next start, so it is marked instead, and its
  /// removal is tried again later.
  func remove(marking states: [(index: Int, state: State)], of open: OpenMessage) async {
    do throws(SystemError) {
      try await relayer.spool.remove(message)
    } catch {
      let reason = "nothing is left to do, but the file cannot be removed: \(error)"
      Log.say(.error, "\(id): \(reason)")
      guard await mark(states, of: open) else { return }
      await relayer.spool.postpone(
        message, until: .now + Limits.unreadablePause, open: open, reason: reason)
    }
  }

  var id: String { "\(message.name.id)" }

  /// The recipients to do, by their next servers.
  private func groups(_ envelope: QueueEnvelope) -> [(hops: [Hop], indices: [Int])] {
    var groups: [(hops: [Hop], indices: [Int])] = []
    var places: [[Hop]: Int] = [:]
    for (index, recipient) in envelope.recipients.enumerated() where recipient.state == .toDo {
      let hops = settings.hops(
        for: recipient.path?.mailbox?.domain, of: envelope, version: version)
      if let place = places[hops] {
        groups[place].indices.append(index)
      } else {
        places[hops] = groups.count
        groups.append((hops, [index]))
      }
    }
    return groups
  }

  // MARK: Results

  /// What has become of recipients, as the log, the file and the sender are told.
  private struct Settlement {
    /// Those that are done.
    var states: [(index: Int, state: State)] = []
    /// Those that go in another transaction at once, by their places in the envelope.
    var excess: [Int] = []
    /// Those that have to wait.
    var waiting: [AttemptResult] = []
    /// Why they have to.
    var reason: String?
  }

  /// Records the outcomes in the log, and reports them to the sender as far as it wants to know.
  ///
  /// The report of a failure is on the device before its recipient is marked as failed, so after a
  /// crash it may be sent twice and is never lost.
  private func settle(
    _ results: [AttemptResult], of open: OpenMessage, nextIn wait: Duration
  ) async -> Settlement {
    let isExpired = schedule.isExpired(
      arrived: open.envelope.arrived, now: WallClock.now, known: message.known(at: .now),
      isFound: message.isFound)
    var settlement = Settlement()
    var failures: [AttemptResult] = []
    var successes: [AttemptResult] = []
    for result in results {
      let to = open.envelope.recipients[result.index].address
      let text = result.outcome.diagnosis.text
      let security = MailEvent.Security(tls: result.tls, policy: result.policy)
      let server = result.server ?? result.hop?.description ?? ""
      switch result.outcome {
      case .delivered:
        Log.record(.delivered(id: id, to: to, hop: server, reply: text, security))
        settlement.states.append((result.index, .delivered))
        if !result.isReportedByServer { successes.append(result) }
      case .excess where !Loop.shared.eventLoop.isDraining:
        settlement.excess.append(result.index)
      case .deferred where !isExpired, .excess where !isExpired:
        Log.record(
          .deferred(
            id: id, to: to, hop: server, reason: text, nextInSeconds: Int(wait.wholeSeconds),
            security))
        settlement.waiting.append(result)
        settlement.reason = "\(to): \(text)"
      case .deferred, .excess, .failed:
        Log.record(.failed(id: id, to: to, hop: server, reason: text))
        failures.append(result)
      }
    }
    if !successes.isEmpty {
      do throws(SystemError) {
        let isStored = successes[0].hop?.lmtp != nil
        try await report(isStored ? .delivered : .relayed, successes, of: open)
      } catch {
        // Limitation: to tell it later the message would have to stay, and might be sent again.
        Log.say(.error, "\(id): the sender could not be told of the delivery: \(error)")
      }
    }
    if failures.isEmpty { return settlement }
    do throws(SystemError) {
      try await report(.failed, failures, of: open, isExpired: isExpired)
      settlement.states += failures.map { ($0.index, .failed) }
    } catch {
      Log.say(.error, "\(id): the report to its sender could not be stored: \(error)")
      settlement.reason = "the report to the sender could not be stored: \(error)"
    }
    return settlement
  }

  /// Marks recipients in the file of a message that stays; says whether that is on the device.
  @discardableResult
  private func mark(_ states: [(index: Int, state: State)], of open: OpenMessage) async -> Bool {
    if states.isEmpty { return true }
    do throws(SystemError) {
      try await relayer.spool.disk.run { () throws(SystemError) in try open.mark(states) }
      return true
    } catch {
      Log.say(
        .error, "\(id): \(error): a recipient that has the message may get it a second time")
      return false
    }
  }

  typealias State = QueueEnvelope.State
}
