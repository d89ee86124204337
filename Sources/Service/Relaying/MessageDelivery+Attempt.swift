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
      if let obstacle = relayer.hops.obstacle(to: hop, at: .now) {
        throw .temporary(Diagnosis(EnhancedStatus(4, 4, 1), obstacle))
      }
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
      if session.isUsable {
        relayer.connections.put(session, for: hop)
        relayer.placeFreed.signal()
      } else {
        await relayer.close(session, of: hop)
      }
      // A server may close an idle connection at any time; that says nothing about the message.
      if !isFresh && session.wasLostAtOnce { continue }
      return (outcomes, "\(session.target.host) [\(session.target.address.host)]")
    }
  }

  /// A session on which a message can be handed in; waits while the destination has its share.
  private func obtain(_ hop: Hop) async throws(HopFailure) -> (HopSession, isFresh: Bool) {
    while true {
      if let session = relayer.connections.take(hop) { return (session, false) }
      if relayer.hops.takePlace(hop) { break }
      do throws(WaitError) { try await relayer.placeFreed.wait() } catch {
        throw .temporary(Diagnosis(EnhancedStatus(4, 3, 2), "this server is stopping"))
      }
    }
    do throws(HopFailure) {
      let session = try await connect(hop)
      relayer.hops.noteSuccess(hop)
      return (session, true)
    } catch {
      relayer.freePlace(hop)
      if case .temporary(let diagnosis) = error {
        relayer.hops.noteFailure(
          hop, reason: diagnosis.text, at: .now,
          pause: min(Limits.deadHopPause, settings.retry[0] / 2))
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
        to: target.address, until: .now + Limits.connect)
    } catch {
      let text = "\(target.host) [\(target.address.host)]:\(target.address.port): \(error.reason)"
      return .failure(.temporary(Diagnosis(EnhancedStatus(4, 4, 1), text)))
    }
    do throws(TLSError) {
      context = try relayer.tlsContext(for: encryption)
    } catch {
      return .failure(.temporary(Diagnosis(EnhancedStatus(4, 7, 5), "TLS: \(error)")))
    }
    let session = HopSession(
      connection, to: target, settings: clientSettings(encryption), context: context,
      disk: relayer.spool.disk)
    let isImplicitTLS = settings.smarthost?.isImplicitTLS ?? false
    switch await session.open(isImplicitTLS: isImplicitTLS) {
    case .ready:
      return .success(session)
    case .unavailable(let diagnosis):
      await session.close()
      if session.hasTLSFailed && encryption == .opportunistic && !isImplicitTLS {
        // RFC 7435: where TLS is a bonus, its failure must not keep the mail from leaving.
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
