import EventLoop
import Log
import Mail
import Platform
import SMTP
import Spool

extension MessageDelivery {
  /// Tells the sender of the message that recipients could not be reached (RFC 5321 §6.1).
  ///
  /// The report has no sender itself. Where the message had none either, it was a report, and what is
  /// told goes to the postmaster of this host: nothing is ever sent back and forth.
  ///
  /// **Durability**: the report is in the queue or in a maildrop when this returns.
  func report(
    _ failures: [AttemptResult], of open: OpenMessage, isExpired: Bool
  ) async throws(SystemError) {
    let spool = relayer.spool
    let reportID = spool.makeID()
    let sender = Mailbox(open.envelope.reversePath) ?? settings.postmaster
    let now = DateTime(unixSeconds: WallClock.now)
    let original = try await spool.disk.run { () throws(SystemError) in
      try open.read(upTo: Mail.Limits.quotedHeaderBytes, at: 0)
    }
    let report = DeliveryReport(
      host: settings.hostname, postmaster: settings.postmaster, sender: sender,
      identifier: "\(reportID)", date: now, arrival: DateTime(unixSeconds: open.envelope.arrived),
      recipients: failures.compactMap { failure in
        recipient(failure, of: open, isExpired: isExpired, at: now)
      })
    var content: [UInt8] = []
    report.write(original: original.span, to: &content)
    let isLocal = sender == settings.postmaster || settings.domains.contains(sender.domain)
    let delivery = spool.begin(
      reversePath: "", remote: isLocal ? [] : [sender.text],
      users: isLocal ? [relayer.user(for: sender)] : [],
      is8Bit: content.contains { $0 >= 0x80 }, origin: "report about \(id)", id: reportID,
      trace: trace(reportID, at: now))
    try await delivery.write(content)
    try await delivery.commit()
    Log.record(.bounced(id: id, report: "\(reportID)", to: sender.text))
  }

  private func recipient(
    _ failure: AttemptResult, of open: OpenMessage, isExpired: Bool, at now: DateTime
  ) -> DeliveryReport.Recipient? {
    let address = open.envelope.recipients[failure.index].address
    guard let path = ForwardPath("<\(address)>") else { return nil }
    let diagnosis = failure.outcome.diagnosis
    let isOverdue = if case .deferred = failure.outcome { isExpired } else { false }
    return DeliveryReport.Recipient(
      path: path,
      // RFC 3463 §3.5: the delivery time has expired.
      status: isOverdue ? EnhancedStatus(5, 4, 7) : diagnosis.status,
      reason: isOverdue
        ? "It was tried for too long; the last time: \(diagnosis.text)" : diagnosis.text,
      remoteHost: diagnosis.isRemote && !isOverdue ? failure.server : nil, lastAttempt: now)
  }

  /// The trace field of a message that begins here.
  private func trace(_ reportID: QueueID, at now: DateTime) -> String {
    "Received: by \(settings.hostname.text) id \(reportID);\n\t\(now.text)\n"
  }
}
