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
  /// The server that was talked to; nil if none was reached.
  let server: String?
}

/// One attempt to deliver one message to all recipients that are still to be done.
@Loop
struct MessageDelivery {
  private let message: QueuedMessage
  let relayer: Relayer
  let settings: RelayingSettings
  private let version: Int
  private let schedule: RetrySchedule

  init(_ message: QueuedMessage, relayer: Relayer) {
    self.message = message
    self.relayer = relayer
    settings = relayer.settings
    version = relayer.settingsVersion
    schedule = RetrySchedule(waits: settings.retry, lifetime: settings.lifetime)
  }

  /// Makes the attempt, and leaves the message removed or put back.
  func run() async {
    let open: OpenMessage
    do throws(Spool.Stranger) {
      open = try await relayer.spool.open(message)
    } catch {
      Log.record(.setAside(file: error.file, reason: error.reason))
      if error.isTemporary {
        await relayer.spool.postpone(
          message, until: .now + Limits.unreadablePause, open: nil, reason: error.reason)
      }
      return
    }
    let wait = schedule.wait(
      attempts: Int(message.attempts),
      age: message.wasTried
        ? schedule.age(arrived: open.envelope.arrived, now: WallClock.now) : nil,
      jitter: message.name.id.fraction)
    var toDo = open.envelope.recipients.count { $0.state == .toDo }
    var lastReason = ""
    var unmarked: [(index: Int, state: State)] = []
    for group in groups(open.envelope) {
      let results = await attempt(group.hop, group.indices, of: open)
      let settled = await settle(results, hop: group.hop, of: open, nextIn: wait)
      toDo -= settled.states.count
      if let reason = settled.reason { lastReason = reason }
      if toDo > 0 { await mark(settled.states, of: open) } else { unmarked = settled.states }
    }
    if toDo > 0 {
      // What the end of the program has interrupted is tried as soon as it starts again.
      let pause = Loop.shared.eventLoop.isDraining ? .zero : wait
      await relayer.spool.postpone(message, until: .now + pause, open: open, reason: lastReason)
    } else {
      await remove(marking: unmarked, of: open)
    }
  }

  /// Removes the message, of which these recipients are not marked yet.
  ///
  /// A file that stays would be sent again after the next start, so it is marked instead, and its
  /// removal is tried again later.
  private func remove(marking states: [(index: Int, state: State)], of open: OpenMessage) async {
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

  /// The recipients to do, by their next server.
  private func groups(_ envelope: QueueEnvelope) -> [(hop: Hop, indices: [Int])] {
    var groups: [(hop: Hop, indices: [Int])] = []
    for (index, recipient) in envelope.recipients.enumerated() where recipient.state == .toDo {
      let hop = hop(for: recipient.address)
      if let place = groups.firstIndex(where: { $0.hop == hop }) {
        groups[place].indices.append(index)
      } else {
        groups.append((hop, [index]))
      }
    }
    return groups
  }

  private func hop(for address: String) -> Hop {
    if let smarthost = settings.smarthost {
      return Hop(description: "\(smarthost.host):\(smarthost.port)", domain: nil, version: version)
    }
    let domain = Mailbox(address)?.domain.text ?? ""
    return Hop(description: domain, domain: domain, version: version)
  }

  // MARK: Results

  /// Records the outcomes in the log, and reports failures to the sender.
  ///
  /// A report is on the device before its recipient is marked as failed, so after a crash it may be
  /// sent twice and is never lost.
  ///
  /// - Returns: what has become of recipients, and why the others have to wait.
  private func settle(
    _ results: [AttemptResult], hop: Hop, of open: OpenMessage, nextIn wait: Duration
  ) async -> (states: [(index: Int, state: State)], reason: String?) {
    let isExpired = schedule.isExpired(
      arrived: open.envelope.arrived, now: WallClock.now, known: message.known(at: .now),
      isFound: message.isFound)
    var states: [(index: Int, state: State)] = []
    var failures: [AttemptResult] = []
    var reason: String?
    for result in results {
      let to = open.envelope.recipients[result.index].address
      let text = result.outcome.diagnosis.text
      let server = result.server ?? hop.description
      switch result.outcome {
      case .delivered:
        Log.record(.delivered(id: id, to: to, hop: server, reply: text))
        states.append((result.index, .delivered))
      case .deferred where !isExpired:
        Log.record(
          .deferred(
            id: id, to: to, hop: server, reason: text, nextInSeconds: Int(wait.wholeSeconds)))
        reason = "\(to): \(text)"
      case .deferred, .failed:
        Log.record(.failed(id: id, to: to, hop: server, reason: text))
        failures.append(result)
      }
    }
    if failures.isEmpty { return (states, reason) }
    do throws(SystemError) {
      try await report(failures, of: open, isExpired: isExpired)
      states += failures.map { ($0.index, .failed) }
    } catch {
      Log.say(.error, "\(id): the report to its sender could not be stored: \(error)")
      reason = "the report to the sender could not be stored: \(error)"
    }
    return (states, reason)
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
