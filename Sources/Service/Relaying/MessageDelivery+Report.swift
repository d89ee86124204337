import EventLoop
import Log
import Mail
import Platform
import SMTP
import Spool

extension MessageDelivery {
  /// Tells the sender of the message what has become of it for those recipients of which it wants to
  /// be told; says whether there was somebody to tell.
  ///
  /// **Durability**: the report is in the queue or in a maildrop when this returns.
  @discardableResult
  func report(
    _ action: DeliveryReport.Action, _ results: [AttemptResult], of open: OpenMessage,
    isExpired: Bool = false
  ) async throws(SystemError) -> Bool {
    let envelope = open.envelope
    let recipients = results.filter {
      envelope.recipients[$0.index].notification.wants(action)
    }.compactMap { recipient($0, action, of: envelope, isExpired: isExpired) }
    let subject = ReportingMTA.Subject(
      envelope, id: message.name.id,
      retryEnd: action == .delayed ? envelope.arrived + settings.lifetime.wholeSeconds : nil)
    let report = try await relayer.reporting(settings).tell(
      action, of: recipients, about: subject, original: .file(open))
    guard let report else { return false }
    let to = report.recipient.text
    if action == .failed {
      Log.record(.bounced(id: id, report: "\(report.id)", to: to))
    } else {
      Log.record(
        .reported(id: id, report: "\(report.id)", to: to, action: action.rawValue))
    }
    return true
  }

  /// Tells the sender, once, that the message has been waiting for a while (RFC 3461 §5.2.5).
  func reportDelay(_ waiting: [AttemptResult], of open: OpenMessage) async {
    guard open.envelope.isDelayReported == false,
      schedule.isDelayed(
        arrived: open.envelope.arrived, now: WallClock.now, known: message.known(at: .now),
        isFound: message.isFound)
    else { return }
    do throws(SystemError) {
      guard try await report(.delayed, waiting, of: open) else { return }
      try await relayer.spool.disk.run { () throws(SystemError) in try open.markDelayReported() }
    } catch {
      Log.say(.error, "\(id): the sender could not be told of the delay: \(error)")
    }
  }

  private func recipient(
    _ result: AttemptResult, _ action: DeliveryReport.Action, of envelope: QueueEnvelope,
    isExpired: Bool
  ) -> DeliveryReport.Recipient? {
    let recipient = envelope.recipients[result.index]
    guard let path = recipient.path else { return nil }
    let diagnosis = result.outcome.diagnosis
    let isOverdue =
      switch result.outcome {
      case .deferred, .excess: isExpired
      case .delivered, .failed: false
      }
    let status: EnhancedStatus =
      if isOverdue {
        // RFC 3463 §3.5: the delivery time has expired.
        EnhancedStatus(5, 4, 7)
      } else if action == .delayed {
        // Whatever its cause is for others, to this message it has been no more than a delay.
        EnhancedStatus(4, diagnosis.status.subject, diagnosis.status.detail)
      } else {
        diagnosis.status
      }
    return DeliveryReport.Recipient(
      path: path, original: recipient.notification.originalRecipient, status: status,
      reason: isOverdue
        ? "It was tried for too long; the last time: \(diagnosis.text)" : diagnosis.text,
      remoteHost: diagnosis.isRemote && !isOverdue ? result.server : nil,
      lastAttempt: DateTime(unixSeconds: WallClock.now))
  }
}
