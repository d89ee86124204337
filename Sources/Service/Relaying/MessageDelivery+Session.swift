import EventLoop
import Mail
import Network
import Platform
import SMTP
import Spool
import TLS

extension MessageDelivery {
  /// A session on which a message can be handed in; waits while the destination has its share.
  func obtain(_ hop: Hop) async throws(HopFailure) -> (HopSession, isFresh: Bool) {
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
    var failure = HopFailure.temporary(
      Diagnosis(EnhancedStatus(4, 4, 4), "\(hop) has no address that can be used"))
    var isFirst = true
    for target in try await route(to: hop).prefix(Limits.addressesPerAttempt) {
      switch await connect(target, of: hop, encryption: encryption(for: hop)) {
      case .success(let session): return session
      case .failure(let next):
        // A server that may take the message later outweighs those that never will.
        if isFirst || failure.isPermanent || !next.isPermanent { failure = next }
        isFirst = false
      }
    }
    throw failure
  }

  /// What TLS must give before a message leaves to the destination.
  func encryption(for hop: Hop) -> RelayingSettings.Encryption {
    if hop.lmtp?.isOnThisHost == true { return .none }
    // Limitation: RFC 8689 §2 wants the MX records to be proved too, by DNSSEC or MTA-STS.
    return hop.requiresTLS ? .verified : settings.encryption
  }

  private func connect(
    _ target: HopAddress, of hop: Hop, encryption: RelayingSettings.Encryption
  ) async -> Result<HopSession, HopFailure> {
    let connection: Connection
    let context: TLSContext?
    do throws(ConnectionError) {
      connection = try await makeConnection(to: target)
    } catch {
      let port = if case .tcp(let address) = target.address { ":\(address.port)" } else { "" }
      let text = "\(target)\(port): \(error.reason)"
      return .failure(.temporary(Diagnosis(EnhancedStatus(4, 4, 1), text)))
    }
    do throws(TLSError) {
      context = try relayer.tlsContext(for: encryption)
    } catch {
      return .failure(.temporary(Diagnosis(EnhancedStatus(4, 7, 5), "TLS: \(error)")))
    }
    let session = HopSession(
      connection, to: target, settings: clientSettings(for: hop, encryption), context: context,
      servers: relayer.servers, disk: relayer.spool.disk, patience: relayer.patience)
    let smarthost = hop.lmtp == nil ? settings.smarthost : nil
    let isImplicitTLS = smarthost?.isImplicitTLS ?? false
    // A password never leaves in clear, so without TLS there would be no session anyway.
    let needsTLS = isImplicitTLS || smarthost?.credentials != nil
    switch await session.open(isImplicitTLS: isImplicitTLS) {
    case .ready:
      return .success(session)
    case .unavailable(let diagnosis):
      await session.close()
      if session.hasTLSFailed && encryption == .opportunistic && !needsTLS {
        // RFC 7435 §3: where TLS is a bonus, its failure must not keep the mail from leaving.
        return await connect(target, of: hop, encryption: .none)
      }
      // Only that REQUIRETLS is not offered is final; a handshake or a certificate may be mended.
      let isFinal =
        hop.requiresTLS && !diagnosis.isRemote && diagnosis.status.statusClass == 5
      return .failure(isFinal ? .permanent(diagnosis) : .temporary(diagnosis))
    case .finished, .closed:
      preconditionFailure("a session that opens becomes ready or unavailable")
    }
  }

  private func makeConnection(
    to target: HopAddress
  ) async throws(ConnectionError) -> Connection {
    switch target.address {
    case .tcp(let address):
      try await Connection.connect(to: address, until: .now + relayer.patience.connect)
    case .unix(let path):
      try Connection.connect(toUnixSocket: path)
    }
  }

  private func clientSettings(
    for hop: Hop, _ encryption: RelayingSettings.Encryption
  ) -> ClientSettings {
    let policy: ClientSettings.TLSPolicy =
      switch encryption {
      case .none: .never
      case .opportunistic: .ifOffered
      case .required, .verified: .required
      }
    let smarthost = hop.lmtp == nil ? settings.smarthost : nil
    let credentials = smarthost?.credentials.map {
      ClientSettings.Credentials(user: $0.user, password: $0.password)
    }
    return ClientSettings(
      hostname: settings.hostname, tls: policy, credentials: credentials,
      dialect: hop.lmtp == nil ? .smtp : .lmtp, needsRequireTLS: hop.requiresTLS)
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

  var isPermanent: Bool { if case .permanent = self { true } else { false } }

  var outcome: Outcome {
    switch self {
    case .temporary(let diagnosis): .deferred(diagnosis)
    case .permanent(let diagnosis): .failed(diagnosis)
    }
  }
}
