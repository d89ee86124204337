import EventLoop
import Log
import Mail
import Network
import Platform
import SASL
import SMTP
import Spool
import TLS

extension MessageDelivery {
  /// A session on which a message can be handed in; nil while the destination has its share of sessions,
  /// or has just had a message and is to have none yet.
  func obtain(_ hop: Hop) async throws(HopFailure) -> (HopSession, isFresh: Bool)? {
    let route = route(of: hop)
    if let problem = route?.loginProblem { throw .obstacle(problem) }
    while true {
      if caller == .hop(hop) { relayer.lines.endCall(of: message) }
      if let session = relayer.connections.take(hop) {
        let limit = route?.messagesPerConnection ?? Limits.messagesPerConnection
        if session.messages >= min(limit, session.messageLimit) {
          relayer.discard(session, of: hop)
          continue
        }
        if takeTurn(hop, route) { return (session, false) }
        relayer.keep(session, for: hop)
        return nil
      }
      if let obstacle = relayer.hops.obstacle(to: hop, at: relayer.now) {
        throw .obstacle(obstacle)
      }
      let limit = relayer.connectionLimit(of: route)
      if relayer.hops.freePlaces(hop, limit: limit) == 0 { return nil }
      // The one attempt of a pause is not for a message that may not be sent yet.
      if relayer.turns.next(hop) > relayer.now { return nil }
      if let obstacle = relayer.outageObstacle(to: hop, message.name.id) {
        throw .obstacle(obstacle)
      }
      guard takeTurn(hop, route), relayer.hops.takePlace(hop, limit: limit) else { return nil }
      if let session = try await connectInPlace(hop) { return (session, true) }
    }
  }

  private func takeTurn(_ hop: Hop, _ route: Route?) -> Bool {
    relayer.turns.take(hop, interval: route?.interval ?? .zero, at: relayer.now)
  }

  /// Connects in the place that was taken, which is free again if nothing comes of it.
  ///
  /// - Returns: nil if the destination wants no more sessions than it has.
  private func connectInPlace(_ hop: Hop) async throws(HopFailure) -> HopSession? {
    let start = Instant.now
    do throws(HopFailure) {
      return try await connect(hop)
    } catch {
      defer { relayer.freePlace(hop) }
      let reason = error.diagnosis.text
      switch error {
      case .unreached(_, let isNameServer):
        await relayer.noteUnreached(
          hop, message.name.id, isNameServer: isNameServer, since: start)
      case .permanent: relayer.outage.giveBackProbe()
      case .temporary, .tls: break
      }
      if !error.isPermanent, !relayer.noteFailure(of: hop, reason: reason) { return nil }
      throw error
    }
  }

  /// Connects to the first address of the destination that takes mail now.
  private func connect(_ hop: Hop) async throws(HopFailure) -> HopSession {
    var failure: HopFailure?
    // However slowly each of the servers dies, one attempt has an end.
    let end = Instant.now + relayer.patience.attempt
    var hasTLSFailed = false
    for target in try await targets(of: hop).prefix(Limits.addressesPerAttempt)
    where failure == nil || .now < end {
      switch await connect(target, of: hop) {
      case .success(let session):
        if session.connection.isEncrypted { relayer.tlsFailures.forget(hop) }
        return session
      case .failure(let next):
        if next.isOfTLS { hasTLSFailed = true }
        // A server that may take the message later outweighs those that never will.
        if next.rank >= failure?.rank ?? 0 { failure = next }
      }
    }
    if hasTLSFailed { relayer.tlsFailures.note(hop, at: relayer.now) }
    throw failure
      ?? .temporary(
        Diagnosis(EnhancedStatus(4, 4, 4), "\(hop) has no address that can be used"))
  }

  /// The addresses of the destination that can be reached from the address that the route is to use.
  private func targets(of hop: Hop) async throws(HopFailure) -> [HopAddress] {
    let targets = try await route(to: hop)
    guard let source = route(of: hop)?.source else { return targets }
    return targets.filter { target in
      if case .tcp(let address) = target.address { address.host.isV4 == source.isV4 } else { true }
    }
  }

  /// What TLS must give before a message leaves to the destination.
  func encryption(for hop: Hop) -> RelayingSettings.Encryption {
    if hop.isInClear || hop.server?.isOnThisHost == true { return .none }
    let encryption = route(of: hop)?.encryption ?? settings.otherwise.encryption
    if encryption.isPinned {
      // Certificates that are known are those of the route's servers, and prove them as well as a name.
      return hop.route == nil ? .verified : encryption
    }
    // Limitation: RFC 8689 §2 wants the MX records to be proved too, by DNSSEC or MTA-STS.
    return hop.requiresTLS ? .verified : encryption
  }

  /// Opens a session at an address.
  ///
  /// Where a resumed TLS session fails, once more in full; where nothing answers a long first message of TLS, once
  /// more with a short one.
  private func connect(
    _ target: HopAddress, of hop: Hop
  ) async -> Result<HopSession, HopFailure> {
    let known = relayer.servers.wantsShortHello(target)
    var isShort = known
    while true {
      let result = await open(target, of: hop, hasShortHello: isShort)
      switch result {
      case .failure(.tls(_, let hasOfferedTicket, let unansweredBytes)):
        // RFC 5246 §7.2.2: the server has lost the session, or does not want it any more.
        if hasOfferedTicket { relayer.servers.forgetTicket(of: target) }
        let isTooLong = unansweredBytes > relayer.longHelloBytes && !isShort
        guard hasOfferedTicket || isTooLong else { return result }
        isShort = isShort || isTooLong
      case .success where isShort && !known:
        Log.say(
          .notice,
          "\(target): TLS begins without its post-quantum part for a day, as nothing answers a longer message"
        )
        relayer.servers.noteShortHello(target)
        return result
      case .success, .failure: return result
      }
    }
  }

  private func open(
    _ target: HopAddress, of hop: Hop, hasShortHello: Bool
  ) async -> Result<HopSession, HopFailure> {
    let encryption = encryption(for: hop)
    let route = route(of: hop)
    let connection: Connection
    let context: TLSContext?
    do throws(ConnectionError) {
      connection = try await makeConnection(to: target, from: route?.source)
    } catch {
      let port = if case .tcp(let address) = target.address { ":\(address.port)" } else { "" }
      let text = "\(target)\(port): \(error.reason)"
      let diagnosis = Diagnosis(EnhancedStatus(4, 4, 1), text)
      let isUnreached = error.isUnreached && !isNear(target, hop)
      return .failure(isUnreached ? .unreached(diagnosis) : .temporary(diagnosis))
    }
    if !isNear(target, hop) { relayer.noteReached(hop) }
    do throws(TLSError) {
      context = try relayer.tlsContext(
        for: encryption, of: route ?? settings.otherwise, hasShortHello: hasShortHello)
    } catch {
      return .failure(.temporary(Diagnosis(EnhancedStatus(4, 7, 5), "TLS: \(error)")))
    }
    let session = HopSession(
      connection, to: target, settings: clientSettings(for: hop, encryption), context: context,
      servers: relayer.servers, disk: relayer.spool.disk, patience: relayer.patience)
    switch await session.open(isImplicitTLS: hop.isImplicitTLS) {
    case .ready:
      return .success(session)
    case .unavailable(let diagnosis):
      await session.close()
      if session.hasTLSFailed {
        return .failure(
          .tls(
            diagnosis, hasOfferedTicket: session.hasOfferedTicket,
            unansweredBytes: session.connection.unansweredBytes))
      }
      // Only that REQUIRETLS is not offered is final; a handshake or a certificate may be mended.
      if session.isLoginRefused, let login = route?.credentials {
        let text = "login of \(login.user) refused (\(login.place)): \(diagnosis.text)"
        return .failure(.temporary(Diagnosis(diagnosis.status, text)))
      }
      let isFinal =
        hop.requiresTLS && !diagnosis.isRemote && diagnosis.status.statusClass == 5
      return .failure(isFinal ? .permanent(diagnosis) : .temporary(diagnosis))
    case .finished, .closed:
      preconditionFailure("a session that opens becomes ready or unavailable")
    }
  }

  /// Whether a server that the admin has named is in a network of this machine, whatever its name is: to reach it, or
  /// not, says nothing of what is beyond.
  private func isNear(_ target: HopAddress, _ hop: Hop) -> Bool {
    guard hop.server != nil, case .tcp(let address) = target.address else { return false }
    return PrivateNetworks.contain(IPNetwork(address.host))
  }

  private func makeConnection(
    to target: HopAddress, from source: IPAddress?
  ) async throws(ConnectionError) -> Connection {
    switch target.address {
    case .tcp(let address):
      try await Connection.connect(
        to: address, from: source, until: .now + relayer.patience.connect)
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
      case .required, .verified, .pinned: .required
      }
    let route = route(of: hop)
    let credentials = route?.credentials.map {
      ClientSettings.Credentials(user: $0.user, password: $0.password)
    }
    return ClientSettings(
      hostname: settings.hostname, tls: policy, credentials: credentials,
      allowsPasswordInClear: route?.allowsPasswordInClear ?? false,
      mechanisms: route?.mechanisms ?? Mechanism.allCases,
      // How long a header is in which the author is replaced shows when it has passed.
      chunking: route?.rewriting == nil ? .onceInStep : .never,
      dialect: hop.lmtp == nil ? .smtp : .lmtp,
      needsRequireTLS: hop.requiresTLS)
  }
}

/// Why no session with a destination could be had.
enum HopFailure: Error {
  /// It may be had later.
  case temporary(Diagnosis)
  /// TLS has failed with a server that offers it; without it, or later, there may be a session.
  case tls(Diagnosis, hasOfferedTicket: Bool, unansweredBytes: Int)
  /// The destination does not exist or takes no mail.
  case permanent(Diagnosis)
  /// It may be had later, and no server was reached: it may be the network's fault, or that of the name servers.
  case unreached(Diagnosis, isNameServer: Bool = false)

  /// A destination to which nothing is sent for a while, for this reason.
  static func obstacle(_ reason: String) -> HopFailure {
    .temporary(Diagnosis(EnhancedStatus(4, 4, 1), reason))
  }

  var diagnosis: Diagnosis {
    switch self {
    case .temporary(let diagnosis), .tls(let diagnosis, _, _), .permanent(let diagnosis),
      .unreached(let diagnosis, _):
      diagnosis
    }
  }

  var isOfTLS: Bool { if case .tls = self { true } else { false } }

  var isPermanent: Bool { if case .permanent = self { true } else { false } }

  /// What of several failures counts: that there is a server outweighs that there may be a network, and
  /// that one may take the message later outweighs that another never will.
  var rank: Int {
    switch self {
    case .permanent: 0
    case .unreached: 1
    case .temporary, .tls: 2
    }
  }

  var outcome: Outcome { isPermanent ? .failed(diagnosis) : .deferred(diagnosis) }
}

extension ConnectionError {
  /// Whether nothing came back from the host, nor from this machine for it: a host that refuses is there.
  fileprivate var isUnreached: Bool {
    switch self {
    case .wait(.timedOut): true
    case .system(let error): !error.isConnectionRefused && !error.isOutOfDescriptors
    default: false
    }
  }
}
