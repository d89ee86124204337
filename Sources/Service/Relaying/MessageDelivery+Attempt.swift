import EventLoop
import Mail
import Network
import Platform
import SMTP
import Spool
import TLS

extension MessageDelivery {
  /// Tries to hand the message to the next server for some of its recipients.
  ///
  /// - Parameter indices: the places of the recipients in the envelope.
  /// - Returns: one result for each of them.
  func attempt(
    _ hop: Hop, _ indices: [Int], of open: OpenMessage
  ) async -> [AttemptResult] {
    do throws(HopFailure) {
      guard let envelope = smtpEnvelope(indices, of: open) else {
        throw .permanent(Diagnosis(EnhancedStatus(5, 1, 3), "Malformed address"))
      }
      let (outcomes, server) = try await send(envelope, open, to: hop)
      return zip(indices, outcomes).map { AttemptResult(index: $0, outcome: $1, server: server) }
    } catch {
      return indices.map { AttemptResult(index: $0, outcome: error.outcome, server: nil) }
    }
  }

  private func smtpEnvelope(_ indices: [Int], of open: OpenMessage) -> SMTP.Envelope? {
    let recipients = indices.compactMap { ForwardPath("<\(open.envelope.recipients[$0].address)>") }
    guard recipients.count == indices.count,
      let sender = ReversePath("<\(open.envelope.reversePath)>")
    else { return nil }
    return SMTP.Envelope(sender: sender, recipients: recipients, wireBytes: open.wireBytes)
  }

  /// Sends over a session that is idle, or over a new one.
  private func send(
    _ envelope: SMTP.Envelope, _ open: OpenMessage, to hop: Hop
  ) async throws(HopFailure) -> (outcomes: [Outcome], server: String) {
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
      return (outcomes, session.target.description)
    }
  }

  /// A session on which a message can be handed in; waits while the destination has its share.
  private func obtain(_ hop: Hop) async throws(HopFailure) -> (HopSession, isFresh: Bool) {
    while true {
      if let session = relayer.connections.take(hop) {
        if !session.isWorn { return (session, false) }
        relayer.discard(session, of: hop)
        continue
      }
      if let obstacle = relayer.hops.obstacle(to: hop, at: .now) {
        throw .temporary(Diagnosis(EnhancedStatus(4, 4, 1), obstacle))
      }
      if relayer.hops.takePlace(hop) {
        if let session = try await connectInPlace(hop) { return (session, true) }
        continue
      }
      do throws(WaitError) { try await relayer.placeFreed.wait() } catch {
        throw .temporary(Diagnosis(EnhancedStatus(4, 3, 2), "this server is stopping"))
      }
    }
  }

  /// Connects in the place that was taken, which is free again if nothing comes of it.
  ///
  /// - Returns: nil if the destination wants no more sessions than it has.
  private func connectInPlace(_ hop: Hop) async throws(HopFailure) -> HopSession? {
    do throws(HopFailure) {
      let session = try await connect(hop)
      relayer.noteSuccess(of: hop)
      return session
    } catch {
      defer { relayer.freePlace(hop) }
      if case .temporary(let diagnosis) = error,
        !relayer.noteFailure(of: hop, reason: diagnosis.text)
      {
        return nil
      }
      throw error
    }
  }

  /// Connects to the first address of the destination that takes mail now.
  private func connect(_ hop: Hop) async throws(HopFailure) -> HopSession {
    var last = Diagnosis(EnhancedStatus(4, 4, 4), "\(hop) has no address that can be used")
    for target in try await route(to: hop).prefix(Limits.addressesPerAttempt) {
      switch await connect(target, encryption: settings.encryption) {
      case .success(let session): return session
      case .failure(let diagnosis): last = diagnosis.diagnosis
      }
    }
    throw .temporary(last)
  }

  private func connect(
    _ target: HopAddress, encryption: RelayingSettings.Encryption
  ) async -> Result<HopSession, HopFailure> {
    let connection: Connection
    let context: TLSContext?
    do throws(ConnectionError) {
      connection = try await Connection.connect(
        to: target.address, until: .now + relayer.patience.connect)
    } catch {
      let text = "\(target):\(target.address.port): \(error.reason)"
      return .failure(.temporary(Diagnosis(EnhancedStatus(4, 4, 1), text)))
    }
    do throws(TLSError) {
      context = try relayer.tlsContext(for: encryption)
    } catch {
      return .failure(.temporary(Diagnosis(EnhancedStatus(4, 7, 5), "TLS: \(error)")))
    }
    let session = HopSession(
      connection, to: target, settings: clientSettings(encryption), context: context,
      disk: relayer.spool.disk, patience: relayer.patience)
    let isImplicitTLS = settings.smarthost?.isImplicitTLS ?? false
    // A password never leaves in clear, so without TLS there would be no session anyway.
    let needsTLS = isImplicitTLS || settings.smarthost?.credentials != nil
    switch await session.open(isImplicitTLS: isImplicitTLS) {
    case .ready:
      return .success(session)
    case .unavailable(let diagnosis):
      await session.close()
      if session.hasTLSFailed && encryption == .opportunistic && !needsTLS {
        // RFC 7435 §3: where TLS is a bonus, its failure must not keep the mail from leaving.
        return await connect(target, encryption: .none)
      }
      return .failure(.temporary(diagnosis))
    case .finished, .closed:
      preconditionFailure("a session that opens becomes ready or unavailable")
    }
  }

  private func clientSettings(_ encryption: RelayingSettings.Encryption) -> ClientSettings {
    let policy: ClientSettings.TLSPolicy =
      switch encryption {
      case .none: .never
      case .opportunistic: .ifOffered
      case .required, .verified: .required
      }
    let credentials = settings.smarthost?.credentials.map {
      ClientSettings.Credentials(user: $0.user, password: $0.password)
    }
    return ClientSettings(hostname: settings.hostname, tls: policy, credentials: credentials)
  }
}

/// Why no session with a destination could be had.
enum HopFailure: Error {
  /// It may be had later.
  case temporary(Diagnosis)
  /// The destination does not exist or takes no mail.
  case permanent(Diagnosis)

  var diagnosis: Diagnosis {
    switch self {
    case .temporary(let diagnosis), .permanent(let diagnosis): diagnosis
    }
  }

  var outcome: Outcome {
    switch self {
    case .temporary(let diagnosis): .deferred(diagnosis)
    case .permanent(let diagnosis): .failed(diagnosis)
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
