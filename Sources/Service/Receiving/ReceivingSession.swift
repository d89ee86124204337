import Accounts
import EventLoop
import Grants
import Log
import Mail
import Network
import Platform
import SMTP
import Spool
import TLS

/// One client's connection: reads a line, asks the protocol what to do, does it.
@Loop
final class ReceivingSession {
  let receiver: Receiver
  let connection: Connection
  let service: ReceivingService
  /// The settings at the start of the session; a reload changes those of later ones.
  let settings: ReceivingSettings.Snapshot
  /// What is different for the client.
  let profile: ClientProfile?
  let start = Instant.now
  var session: ServerSession
  /// The user whose proof was right, until the client has confirmed ours.
  var proven: Verification?
  /// What is to become of the recipients of the open transaction.
  var destinations = Destinations()
  /// What has come of a message that comes in chunks.
  var reception: ContentReception?
  /// Whether the blocklists were asked and none has the client.
  var isUnlisted = false
  private var commands = 0

  var client: IPAddress { connection.peer.host }
  /// Whether the client's address alone lets it relay, at this moment.
  var isTrusted: Bool { settings.values.isTrusted(client) }

  init(_ receiver: Receiver, _ connection: Connection, _ service: ReceivingService) {
    self.receiver = receiver
    self.connection = connection
    self.service = service
    let settings = receiver.snapshot
    let client = connection.peer.host
    let profiles = settings.values.profiles
    // The kernel is asked for our end only where it matters.
    let local = profiles.isEmpty ? nil : connection.localAddress
    let profile = profiles.first { $0.holds(client, service, local) }
    self.settings = settings
    self.profile = profile
    let isTrusted = settings.values.isTrusted(client)
    let grants = receiver.parts.grants
    let isKnown = isTrusted || grants.grant(of: client) != nil
    // Who has had a grant is asked at MAIL, for by then there may be one again.
    let mustLogIn = service != .smtp && !isKnown && grants.pastUsers(of: client).isEmpty
    session = ServerSession(
      settings: settings.values.protocolSettings(
        for: profile, offersTLS: receiver.parts.identity?.context != nil, isTrusted: isTrusted,
        isKnown: isKnown, requiresAuthentication: mustLogIn))
  }

  /// Runs the session to its end; every way out of it is logged with its reason or is a QUIT.
  ///
  /// What is live here while a line is waited for is the memory of an idle session, so all else is
  /// done in functions of their own.
  func run() async {
    do throws(ConnectionError) {
      var goesOn = try await begin()
      while goesOn {
        let line = try await connection.readLine(
          limit: SMTP.Limits.commandLineBytes, until: deadline, isInterruptible: true)
        goesOn = try await handle(line)
      }
    } catch {
      await end(after: error)
      // Who has not read, or not shaken hands, in its time gets no more of it for our last words.
      return await connection.close(until: .now)
    }
    await connection.close(until: .now + Limits.reply)
  }

  /// When the session ends, whatever it does; before the client has logged in where it must, when it
  /// has to have done so.
  var end: Instant { mustLogIn ? loginEnd : start + Limits.session }

  /// The end of the next wait for a command.
  private var deadline: Instant {
    @inline(never) get { min(.now + settings.values.commandTimeout, end) }
  }

  /// Whether the client has to say who it is before it can do anything.
  private var mustLogIn: Bool { session.settings.requiresAuthentication && session.user == nil }

  /// When a client that must log in has to have done so.
  private var loginEnd: Instant { start + settings.values.loginTime }

  /// Greets the client; says whether the session goes on.
  @inline(never)
  private func begin() async throws(ConnectionError) -> Bool {
    if service == .submissions {
      try await startTLS()
    } else if isStranger, try await connection.hasEarlyInput(until: watchEnd) {
      return try await close(.earlyTalker)
    }
    try await send(greeting)
    return true
  }

  /// Whether the client is to be watched before it is greeted.
  ///
  /// A grant does not say that the program behind the address talks SMTP.
  private var isStranger: Bool { settings.values.refusesEarlyTalkers && !isTrusted }

  /// Until when it is watched; nobody waits for a person.
  private var watchEnd: Instant? { service == .smtp ? .now + Limits.greetingPause : nil }

  private var greeting: Reply {
    @inline(never) get { session.greeting }
  }

  @inline(never)
  private func end(after error: ConnectionError) async {
    await sayFarewell(after: error)
    recordEnd((connection.isShakingHands ? "while shaking hands: " : "") + error.reason)
  }

  /// What a line asks, nil being one that was too long.
  @inline(never)
  private func action(on line: [UInt8]?) -> ServerAction {
    commands += 1
    // A message for many is many commands, and those over the limit of recipients are told so.
    let limit = session.transaction == nil ? Limits.idleCommands : Limits.transactionCommands
    if commands > limit || !receiver.parts.conduct.noteCommand(of: client) {
      return .close(.tooManyCommands)
    }
    guard let line else { return session.receiveOverlongLine() }
    let isCommand = !session.isAuthenticating
    let action = session.receive(line[...], isFollowed: connection.hasBufferedInput)
    if case .reply(let reply) = action { noteRefusal(reply, of: isCommand ? line[...] : []) }
    return action
  }

  /// Tells the admin what a device does wrong; of strangers only who wants to debug hears.
  ///
  /// The line itself may hold a password, and is not told.
  private func noteRefusal(_ reply: Reply, of line: ArraySlice<UInt8>) {
    guard reply.code.category == .permanentFailure else { return }
    Log.record(
      .commandRefused(
        service: service.rawValue, client: "\(client)", verb: Verb(line: line)?.keyword,
        reply: reply.text, remedy: session.remedy(for: line)?.profileKey,
        isStranger: profile == nil && !isTrusted))
  }

  /// Does what a line asks; says whether the session goes on.
  @inline(never)
  private func handle(_ line: [UInt8]?) async throws(ConnectionError) -> Bool {
    let goesOn = try await perform(action(on: line))
    dropContent()
    return goesOn
  }

  /// RSET, a greeting and a refusal leave nothing of what has come in chunks.
  @inline(never)
  private func dropContent() {
    if session.transaction == nil { reception = nil }
  }

  /// Does what the protocol says, and then what it says to the result; whether the session goes on.
  private func perform(_ action: ServerAction) async throws(ConnectionError) -> Bool {
    var next: ServerAction? = action
    while let action = next {
      switch action {
      case .reply(let reply):
        try await send(reply)
        return true
      case .close(let reply):
        return try await close(reply)
      case .startTLS(let reply):
        try await changeToTLS(reply)
        next = nil
      case .verify, .lookUp, .checkProof, .logIn:
        next = await authenticate(action)
      case .checkSender, .checkRecipient, .flush:
        next = await check(action)
      case .receiveData, .receiveChunk, .skipChunk:
        next = try await receive(action)
      }
    }
    return true
  }

  @inline(never)
  private func changeToTLS(_ reply: Reply) async throws(ConnectionError) {
    try await send(reply)
    try await connection.flush(until: .now + Limits.reply)
    try await startTLS()
    destinations = Destinations()
  }

  /// Finds out what the protocol wants to know of the envelope.
  @inline(never)
  private func check(_ action: ServerAction) async -> ServerAction {
    switch action {
    case .checkSender(let transaction): return checkSender(transaction)
    case .checkRecipient(let path, let notification):
      return await checkRecipient(path, notification)
    case .flush(let domain, let withSubdomains):
      return .reply(await flush(domain, withSubdomains: withSubdomains))
    default: preconditionFailure("\(action) is not about the envelope")
    }
  }

  /// Receives content.
  @inline(never)
  private func receive(_ action: ServerAction) async throws(ConnectionError) -> ServerAction {
    switch action {
    case .receiveData(let reply):
      try await send(reply)
      return contentEnded(with: try await receiveContent())
    case .receiveChunk(let bytes, let isLast):
      return try await receiveChunk(bytes: bytes, isLast: isLast)
    case .skipChunk(let bytes, let then):
      try await skipChunk(bytes: bytes)
      return then
    default: preconditionFailure("\(action) is not about content")
    }
  }

  /// Ends the transaction; a message that was taken in starts the count of commands anew.
  @inline(never)
  func contentEnded(with reply: Reply) -> ServerAction {
    if reply.code == .ok { commands = 0 }
    return session.dataEnded(reply)
  }

  @inline(never)
  private func send(_ reply: Reply) async throws(ConnectionError) {
    try await connection.write(reply.wireBytes, until: .now + Limits.reply)
  }

  @inline(never)
  private func close(_ reply: Reply) async throws(ConnectionError) -> Bool {
    try await send(reply)
    if reply.code != .closing { recordEnd(reply.lines[0]) }
    return false
  }

  @inline(never)
  private func recordEnd(_ reason: String) {
    Log.record(.sessionEnded(service: service.rawValue, client: "\(client)", reason: reason))
  }

  /// Tells a client that can still hear it why its connection ends (RFC 5321 §3.8).
  private func sayFarewell(after error: ConnectionError) async {
    let reply: Reply
    switch error {
    case .wait(.timedOut) where mustLogIn && loginEnd <= .now: reply = .loginTimedOut
    case .wait(.timedOut): reply = .now < end ? .timedOut : .sessionTooLong
    case .wait(.draining), .wait(.cancelled): reply = .shuttingDown
    case .endlessLine: reply = .endlessLine
    case .dismissed: reply = .tooManyConnections
    case .closed, .system, .tls, .malformed, .plaintextAfterStartTLS, .tlsOnPlainPort: return
    }
    do throws(ConnectionError) {
      try await send(reply)
    } catch {
      // It cannot hear it.
    }
  }

  private func startTLS() async throws(ConnectionError) {
    let identity = receiver.parts.identity
    let old = profile?.allowsOldTLS == true ? identity?.oldContext : nil
    guard let context = old ?? identity?.context else { throw .tls(.noCertificate) }
    // Clients of other hosts gain nothing by tickets, and some stumble over them.
    try await connection.acceptTLS(
      context, as: service.rawValue, givesTickets: service != .smtp,
      until: min(.now + Limits.handshake, mustLogIn ? loginEnd : end))
    session.tlsEstablished()
  }
}

extension Reply {
  /// The reply as it goes over the wire, made where no frame of an idle session has room for it.
  fileprivate var wireBytes: [UInt8] {
    @inline(never) get {
      var bytes: [UInt8] = []
      write(to: &bytes)
      return bytes
    }
  }
}

extension ReceivingSettings {
  /// What the protocol is to offer to a client and to ask of it.
  fileprivate func protocolSettings(
    for profile: ClientProfile?, offersTLS: Bool, isTrusted: Bool, isKnown: Bool,
    requiresAuthentication: Bool
  ) -> ServerSettings {
    var extensions = Extensions.all.subtracting(profile?.hidden ?? [])
    if !offersTLS { extensions.remove(.startTLS) }
    if !isTrusted { extensions.remove(.queueing) }
    let limits = profile?.limits.orElse(limits) ?? limits
    return ServerSettings(
      hostname: hostname, localDomain: localDomain, messageBytes: limits.messageBytes ?? .max,
      recipients: limits.recipients ?? .max, extensions: extensions,
      leniency: profile?.leniency ?? [], isKnown: isKnown,
      requiresAuthentication: requiresAuthentication)
  }
}

extension Reply {
  fileprivate static var earlyTalker: Reply {
    Reply(.transactionFailed, EnhancedStatus(5, 5, 0), "You have talked before the greeting")
  }
  fileprivate static var tooManyCommands: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "Too many commands, try again later")
  }
  fileprivate static var loginTimedOut: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "It took too long to log in, connect again")
  }
  fileprivate static var sessionTooLong: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "The session has lasted too long, connect again")
  }
  fileprivate static var endlessLine: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "Line without end")
  }
}
