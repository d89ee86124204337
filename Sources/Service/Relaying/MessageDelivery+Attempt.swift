import EventLoop
import Mail
import Platform
import SMTP
import Spool

/// What has become of an attempt.
enum Attempt {
  /// One result for each recipient.
  case made([AttemptResult])
  /// Nothing was tried: the message has to stand in line.
  case waits(HopLines.Key)
}

extension MessageDelivery {
  /// Tries to hand the message to the first of some servers that takes a session, for some of its
  /// recipients.
  ///
  /// - Parameter indices: the places of the recipients in the envelope.
  func attempt(_ hops: [Hop], _ indices: [Int], of open: OpenMessage) async -> Attempt {
    var failure: (hop: Hop, reason: HopFailure)?
    if let attempt = await attempt(inTurn: hops, indices, of: open, &failure) { return attempt }
    // Not before each of the servers has been tried with TLS.
    let inClear = hops.filter(mayGoInClear).map(\.inClear)
    if let attempt = await attempt(inTurn: inClear, indices, of: open, &failure) { return attempt }
    guard let failure else { preconditionFailure("a recipient has a destination") }
    return .made(
      indices.map {
        AttemptResult(
          index: $0, outcome: failure.reason.outcome, hop: failure.hop,
          tls: failure.reason.isOfTLS || failure.hop.isInClear ? "failed" : "none",
          policy: policy(of: failure.hop))
      })
  }

  /// Tries some servers one after the other; nil where none took a session.
  private func attempt(
    inTurn hops: [Hop], _ indices: [Int], of open: OpenMessage,
    _ failure: inout (hop: Hop, reason: HopFailure)?
  ) async -> Attempt? {
    for hop in hops {
      let folds = await folds(of: open, for: hop)
      do throws(HopFailure) {
        guard let envelope = smtpEnvelope(indices, of: open, for: hop, folds: folds ?? 0) else {
          throw .permanent(Diagnosis(EnhancedStatus(5, 1, 3), "Malformed address"))
        }
        switch try await send(envelope, open, to: hop, folds: folds) {
        case .waits(let key): return .waits(key)
        case .sent(let outcomes, let session):
          return .made(
            zip(indices, outcomes).map {
              AttemptResult(
                index: $0, outcome: $1, hop: hop, server: session.target.description,
                isReportedByServer: session.reportsDelivery,
                tls: hop.isInClear ? "failed" : session.tls, policy: policy(of: hop))
            })
        }
      } catch {
        // A server that may take the message later outweighs those that never will.
        if error.rank >= failure?.reason.rank ?? 0 { failure = (hop, error) }
      }
    }
    return nil
  }

  /// Whether the message may leave to a destination in clear now, where TLS has failed (`TLSFailures`).
  private func mayGoInClear(_ hop: Hop) -> Bool {
    // No password leaves in clear instead of TLS, and `smtps` is not spoken without it.
    guard message.wasTried, encryption(for: hop) == .opportunistic,
      route(of: hop)?.credentials == nil, !hop.isImplicitTLS
    else { return false }
    return relayer.tlsFailures.last(hop, for: settings.retry[0], at: relayer.now)
  }

  /// The policy of TLS under which mail leaves to a destination, for the log.
  private func policy(of hop: Hop) -> String {
    var hop = hop
    hop.isInClear = false
    return encryption(for: hop).name
  }

  private func smtpEnvelope(
    _ indices: [Int], of open: OpenMessage, for hop: Hop, folds: Int
  ) -> SMTP.Envelope? {
    let envelope = open.envelope
    let recipients = indices.compactMap { index in
      envelope.recipients[index].path.map { path in
        SMTP.Envelope.Recipient(path, notification: envelope.recipients[index].notification)
      }
    }
    guard recipients.count == indices.count, var sender = envelope.sender else { return nil }
    var wireBytes = open.wireBytes + folds * LineFolding.addedBytes
    if let rewriting = route(of: hop)?.rewriting {
      // A report goes without a sender whatever a server wants (RFC 5321 §4.5.5).
      if sender != .null { sender = .mailbox(rewriting.mailbox) }
      // RFC 1870 §6.1: it is an estimate, and better too large than too small.
      wireBytes += AuthorReplacement.addedBytes
    }
    return SMTP.Envelope(
      sender: sender, recipients: recipients, wireBytes: wireBytes, report: envelope.report,
      needsUTF8: envelope.isInternationalized
        && !(recipients.allSatisfy { $0.path.text.isASCII } && sender.text.isASCII
          && hasASCIIHeader(open)),
      // RFC 8689 §2: it is declared only where it is certain whom the session is with.
      requiresTLS: envelope.requiresTLS && encryption(for: hop).isProof)
  }

  /// The folds that the lines of the content need; nil if they are to stay as they are.
  ///
  /// A large message is read for it before it is sent: a chunk and SIZE have to tell how it will be.
  private func folds(of open: OpenMessage, for hop: Hop) async -> Int? {
    guard route(of: hop)?.foldsLongLines == true else { return nil }
    var scan = LongLineScan()
    let beginning = open.beginning
    scan.scan(beginning.span)
    var offset = beginning.count
    while offset < open.contentBytes, scan.result != nil {
      let start = offset
      let piece = try? await relayer.spool.disk.run { () throws(SystemError) in
        try open.read(upTo: Limits.pieceBytes, at: start)
      }
      // What cannot be read is not sent either, and its failure is told there.
      guard let piece, !piece.isEmpty else { break }
      scan.scan(piece.span)
      offset += piece.count
    }
    return scan.result
  }

  /// Whether the header is ASCII; one so long that it has not been read whole is taken for another.
  private func hasASCIIHeader(_ open: OpenMessage) -> Bool {
    var pass = HeaderPass(HeaderRules())
    let beginning = open.beginning
    pass.scan(beginning.span)
    let isWhole = pass.isComplete || beginning.count == open.contentBytes
    return isWhole && !pass.isInternational
  }

  /// What has become of a message at one destination.
  private enum Sending {
    case sent([Outcome], HopSession)
    case waits(HopLines.Key)
  }

  /// Sends over a session that is idle, or over a new one.
  private func send(
    _ envelope: SMTP.Envelope, _ open: OpenMessage, to hop: Hop, folds: Int?
  ) async throws(HopFailure) -> Sending {
    if let key = queue(at: hop) { return .waits(key) }
    var hasRepeated = false
    while true {
      guard let (session, isFresh) = try await obtain(hop) else { return .waits(.hop(hop)) }
      let turn = relayer.turns.next(hop)
      let outcomes = await session.deliver(
        envelope, content: open, as: route(of: hop)?.rewriting, folds: folds)
      // A server that ends a session before it has taken the content of any message would do so with the
      // next as well, and one that has gone silent would stay so.
      let isDown =
        !session.isOpen && (isFresh && !session.hasSentContent || session.hasTimedOut)
      if session.isOpen || !isDown && outcomes.contains(where: \.isFinal) {
        relayer.noteUse(of: hop)
      }
      if session.isOpen {
        relayer.keep(session, for: hop)
      } else {
        if isDown, let reason = outcomes.firstReasonToWait {
          _ = relayer.noteFailure(of: hop, reason: reason)
        }
        // There is no farewell to wait for, and what follows needs its place.
        await relayer.close(session, of: hop)
      }
      // A server may end an idle session at any time; that says nothing about the message.
      if !isFresh && session.hasEndedAtOnce {
        relayer.turns.giveBack(hop, turn)
        continue
      }
      // Nor does a server that cannot do what it offers: the next session does not ask it to. Once only:
      // one with more names than are remembered would be sent the message again and again.
      if session.hasRefusedChunk && !hasRepeated {
        hasRepeated = true
        continue
      }
      return .sent(outcomes, session)
    }
  }

  /// The line that the message has to stand in before it may be sent, nil if it may be sent now.
  private func queue(at hop: Hop) -> HopLines.Key? {
    if let place = hop.route, relayer.windowWait(of: settings.route(at: place)) > .zero {
      return .window(route: place, version: version)
    }
    // What may not be sent there now need not wait for its turn: another server may stand in. To stand in
    // line with it would have the lines of both hand the same messages to each other for ever.
    if relayer.hops.obstacle(to: hop, at: relayer.now) != nil { return nil }
    let key = HopLines.Key.hop(hop)
    return caller != key && relayer.lines.isOccupied(key) ? key : nil
  }

  /// The route to a destination; nil to a server that stores the mail of a domain of ours.
  func route(of hop: Hop) -> Route? { hop.route.map(settings.route) }
}

extension Outcome {
  fileprivate var isFinal: Bool {
    switch self {
    case .delivered, .failed: true
    case .deferred, .excess: false
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
