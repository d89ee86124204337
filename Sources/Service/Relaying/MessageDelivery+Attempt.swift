import EventLoop
import Mail
import SMTP
import Spool

extension MessageDelivery {
  /// Tries to hand the message to the next server for some of its recipients.
  ///
  /// - Parameter indices: the places of the recipients in the envelope.
  /// - Returns: one result for each of them.
  func attempt(
    _ hop: Hop, _ indices: [Int], of open: OpenMessage
  ) async -> [AttemptResult] {
    do throws(HopFailure) {
      guard let envelope = smtpEnvelope(indices, of: open, for: hop) else {
        throw .permanent(Diagnosis(EnhancedStatus(5, 1, 3), "Malformed address"))
      }
      let (outcomes, session) = try await send(envelope, open, to: hop)
      return zip(indices, outcomes).map {
        AttemptResult(
          index: $0, outcome: $1, server: session.target.description,
          isReportedByServer: session.reportsDelivery)
      }
    } catch {
      return indices.map { AttemptResult(index: $0, outcome: error.outcome) }
    }
  }

  private func smtpEnvelope(
    _ indices: [Int], of open: OpenMessage, for hop: Hop
  ) -> SMTP.Envelope? {
    let envelope = open.envelope
    let recipients = indices.compactMap { index in
      envelope.recipients[index].path.map { path in
        SMTP.Envelope.Recipient(path, notification: envelope.recipients[index].notification)
      }
    }
    guard recipients.count == indices.count, let sender = envelope.sender else { return nil }
    return SMTP.Envelope(
      sender: sender, recipients: recipients, wireBytes: open.wireBytes, report: envelope.report,
      needsUTF8: envelope.isInternationalized
        && !(recipients.allSatisfy { $0.path.text.isASCII } && sender.text.isASCII
          && hasASCIIHeader(open)),
      // RFC 8689 §2: it is declared only where it is certain whom the session is with.
      requiresTLS: envelope.requiresTLS && encryption(for: hop) == .verified)
  }

  /// Whether the header is ASCII; one so long that it has not been read whole is taken for another.
  private func hasASCIIHeader(_ open: OpenMessage) -> Bool {
    var pass = HeaderPass(HeaderRules())
    let beginning = open.beginning
    pass.scan(beginning.span)
    let isWhole = pass.isComplete || beginning.count == open.contentBytes
    return isWhole && !pass.isInternational
  }

  /// Sends over a session that is idle, or over a new one.
  private func send(
    _ envelope: SMTP.Envelope, _ open: OpenMessage, to hop: Hop
  ) async throws(HopFailure) -> (outcomes: [Outcome], session: HopSession) {
    while true {
      let (session, isFresh) = try await obtain(hop)
      let outcomes = await session.deliver(envelope, content: open)
      if session.isOpen {
        relayer.keep(session, for: hop)
      } else {
        // A server that hangs up on the first command of a session would do so on the next as well.
        if isFresh, !session.hasSentContent, let reason = outcomes.firstReasonToWait {
          _ = relayer.noteFailure(of: hop, hadSession: true, reason: reason)
        }
        relayer.discard(session, of: hop)
      }
      // A server may end an idle session at any time; that says nothing about the message.
      if !isFresh && session.hasEndedAtOnce { continue }
      // Nor does a server that cannot do what it offers: the next session does not ask it to.
      if session.hasRefusedChunk { continue }
      return (outcomes, session)
    }
  }
}

extension [Outcome] {
  /// Why the first of the recipients that have to wait does.
  fileprivate var firstReasonToWait: String? {
    for case .deferred(let diagnosis) in self { return diagnosis.text }
    return nil
  }
}

extension String {
  fileprivate var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }
}
