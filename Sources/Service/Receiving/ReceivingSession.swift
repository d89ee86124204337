import Accounts
import EventLoop
import Grants
import Log
import Mail
import Network
import Platform
import SMTP
import Spool

/// One client's connection: reads a line, asks the protocol what to do, does it.
@Loop
final class ReceivingSession {
  let receiver: Receiver
  let connection: Connection
  let service: ReceivingService
  /// The settings at the start of the session; a reload changes those of later ones.
  let settings: ReceivingSettings
  let policy: RelayPolicy
  let end = Instant.now + Limits.session
  var session: ServerSession
  /// What is to become of the recipients of the open transaction.
  var destinations = Destinations()
  private var commands = 0

  var client: IPAddress { connection.peer.host }

  init(_ receiver: Receiver, _ connection: Connection, _ service: ReceivingService) {
    self.receiver = receiver
    self.connection = connection
    self.service = service
    settings = receiver.settings
    policy = RelayPolicy(
      domains: settings.domains, trustedNetworks: settings.trustedNetworks)
    let client = connection.peer.host
    let isKnown = policy.isTrusted(client) || receiver.grants.grant(of: client) != nil
    session = ServerSession(
      settings: ServerSettings(
        hostname: settings.hostname, messageBytes: settings.messageBytes,
        recipients: settings.recipients, offersTLS: receiver.identity != nil,
        authentication: settings.mayLogInPlainly(client) ? .always : .underTLS,
        requiresAuthentication: service != .smtp && !isKnown))
  }

  /// Runs the session to its end; every way out of it is logged with its reason or is a QUIT.
  ///
  /// What is live here while a line is waited for is the memory of an idle session, so all else is
  /// done in functions of their own.
  func run() async {
    do throws(ConnectionError) {
      try await begin()
      var goesOn = true
      while goesOn {
        let line = try await connection.readLine(
          limit: SMTP.Limits.commandLineBytes, until: deadline, isInterruptible: true)
        goesOn = try await handle(line)
      }
    } catch {
      await end(after: error)
    }
    await connection.close(until: .now + Limits.reply)
  }

  /// The end of the next wait for a command.
  private var deadline: Instant {
    @inline(never) get { min(.now + settings.commandTimeout, end) }
  }

  @inline(never)
  private func begin() async throws(ConnectionError) {
    if service == .submissions { try await startTLS() }
    try await send(session.greeting)
  }

  @inline(never)
  private func end(after error: ConnectionError) async {
    await sayFarewell(after: error)
    Log.record(
      .sessionEnded(service: service.rawValue, client: "\(client)", reason: error.reason))
  }

  /// Does what a line asks, nil being one that was too long; says whether the session goes on.
  @inline(never)
  private func handle(_ line: [UInt8]?) async throws(ConnectionError) -> Bool {
    commands += 1
    // A message for many is many commands, and those over the limit of recipients are told so.
    let limit = session.transaction == nil ? Limits.idleCommands : Limits.transactionCommands
    if commands > limit {
      return try await close(.tooManyCommands)
    }
    guard let line else { return try await perform(session.receiveOverlongLine()) }
    let action = session.receive(line[...], isFollowed: connection.hasBufferedInput)
    return try await perform(action)
  }

  private func perform(_ action: ServerAction) async throws(ConnectionError) -> Bool {
    switch action {
    case .reply(let reply):
      try await send(reply)
    case .close(let reply):
      return try await close(reply)
    case .startTLS(let reply):
      try await send(reply)
      try await connection.flush(until: .now + Limits.reply)
      try await startTLS()
      destinations = Destinations()
    case .verify(let user, let password):
      return try await perform(await verify(user, password))
    case .checkSender(let transaction):
      return try await perform(checkSender(transaction))
    case .checkRecipient(let path):
      return try await perform(await checkRecipient(path))
    case .receiveData(let reply):
      try await send(reply)
      let outcome = try await receiveContent()
      if outcome.code == .ok { commands = 0 }
      return try await perform(session.dataEnded(outcome))
    }
    return true
  }

  private func send(_ reply: Reply) async throws(ConnectionError) {
    var bytes: [UInt8] = []
    reply.write(to: &bytes)
    try await connection.write(bytes, until: .now + Limits.reply)
  }

  private func close(_ reply: Reply) async throws(ConnectionError) -> Bool {
    try await send(reply)
    if reply.code != .closing {
      Log.record(
        .sessionEnded(service: service.rawValue, client: "\(client)", reason: reply.lines[0]))
    }
    return false
  }

  /// Tells a client that can still hear it why its connection ends (RFC 5321 §3.8).
  private func sayFarewell(after error: ConnectionError) async {
    let reply: Reply
    switch error {
    case .wait(.timedOut): reply = .now < end ? .timedOut : .sessionTooLong
    case .wait(.draining), .wait(.cancelled): reply = .shuttingDown
    case .endlessLine: reply = .endlessLine
    case .closed, .system, .tls, .malformed, .plaintextAfterStartTLS, .tlsOnPlainPort: return
    }
    do throws(ConnectionError) {
      try await send(reply)
    } catch {
      // It cannot hear it.
    }
  }

  private func startTLS() async throws(ConnectionError) {
    guard let identity = receiver.identity else {
      preconditionFailure("TLS is offered only where there is a certificate")
    }
    try await connection.acceptTLS(identity.context, until: .now + Limits.handshake)
    session.tlsEstablished()
  }

  private func verify(_ name: String, _ password: [UInt8]) async -> ServerAction {
    let verification = await receiver.accounts.verify(user: name, password: password)
    switch verification {
    case .verified(let user):
      Log.record(
        .loggedIn(
          service: service.rawValue, client: "\(client)", user: user.name.text,
          how: connection.isEncrypted ? "AUTH+TLS" : "AUTH"))
      return session.authenticationSucceeded(user: user.name.text)
    case .wrong:
      Log.record(
        .loginFailed(
          service: service.rawValue, client: "\(client)", user: name, reason: "wrong password"))
      do throws(WaitError) {
        try await Loop.shared.eventLoop.sleep(until: .now + Limits.failedLoginDelay)
      } catch {
        // The program stops; the client hears so at its next command.
      }
      return session.authenticationFailed()
    case .temporary(let reason):
      Log.record(
        .loginFailed(service: service.rawValue, client: "\(client)", user: name, reason: reason))
      return session.authenticationUnavailable()
    }
  }
}

extension Reply {
  fileprivate static var tooManyCommands: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "Too many commands without a message")
  }
  fileprivate static var sessionTooLong: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "The session has lasted too long, connect again")
  }
  fileprivate static var endlessLine: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "Line without end")
  }
}
