package import Log
import Mail
import Platform
import SMTP
package import Spool

extension MessageDelivery {
  /// Gives the message up for all recipients that are still to be done, tells the sender of it, and
  /// removes it.
  ///
  /// - Returns: why nobody is told, and whether the message belongs to the caller still. Nil if all is
  ///   done; where its file cannot be removed it is back in the queue, with nobody left to do.
  func bounce(reason: String) async -> (obstacle: String, isKept: Bool)? {
    let open: OpenMessage
    do throws(Spool.Stranger) {
      open = try await relayer.spool.open(message)
    } catch {
      Log.record(error.event)
      return (error.reason, isKept: error.isTemporary)
    }
    // RFC 3463 §3.1: no code says that an admin has decided so.
    let outcome = Outcome.failed(Diagnosis(EnhancedStatus(5, 0, 0), reason))
    let recipients = open.envelope.recipients
    let given = recipients.indices.filter { recipients[$0].state == .toDo }
    let subject = ReportingMTA.Subject(open.envelope, id: message.name.id)
    if given.contains(where: { recipients[$0].notification.wants(.failed) }),
      let mailbox = relayer.reporting(settings).exhausted(for: subject)
    {
      return (
        "\(mailbox.text) has got all reports of this hour ([queue] reports-per-hour); "
          + "return it later, or remove it", isKept: true
      )
    }
    for index in given {
      Log.record(.failed(id: id, to: recipients[index].address, hop: "", reason: reason))
    }
    do throws(SystemError) {
      try await report(
        .failed, given.map { AttemptResult(index: $0, outcome: outcome) }, of: open)
    } catch {
      return ("the report to the sender could not be stored: \(error)", isKept: true)
    }
    await remove(marking: given.map { ($0, .failed) }, of: open)
    return nil
  }
}

extension Spool.Stranger {
  /// The file as the log tells of it.
  package var event: MailEvent {
    isAside ? .setAside(file: file, reason: reason) : .leftAlone(file: file, reason: reason)
  }
}
