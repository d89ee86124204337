import EventLoop
import Mail
import Network
import Platform
import SASL
import SMTP
import Spool
import TLS

/// A connection to a next server, with the SMTP session on it: performs what the protocol asks for.
@Loop
final class HopSession {
  /// How a run of actions has ended.
  enum End {
    /// A message can be handed in.
    case ready
    /// The message has these outcomes.
    case finished([Outcome])
    /// This server takes nothing now.
    case unavailable(Diagnosis)
    /// The session is over.
    case closed
  }

  let target: HopAddress
  /// How many messages were handed in.
  private(set) var messages = 0
  /// Whether the server ended the session before it had said anything else about the message.
  private(set) var hasEndedAtOnce = false
  /// Whether the server was silent for too long, although its kernel was there (`Network.Limits.lostPeer`).
  private(set) var hasTimedOut = false
  /// Whether the content of the message was begun.
  private(set) var hasSentContent = false
  /// Whether the server has refused the content as a chunk, so that it is to be sent once more.
  private(set) var hasRefusedChunk = false
  /// Whether TLS has failed: the handshake, or anything up to the reply to EHLO under it, as an alert of TLS 1.3 comes
  /// late, or the server has put STARTTLS off.
  private(set) var hasTLSFailed = false
  /// Whether the session of an earlier connection was offered to be resumed.
  private(set) var hasOfferedTicket = false
  /// Whether the server has refused the login.
  private(set) var isLoginRefused = false
  private var isShakingHands = false
  /// Whether the connection has failed.
  private var hasBroken = false
  let connection: Connection
  private var session: ClientSession
  private let context: TLSContext?
  private let servers: KnownServers
  let disk: WorkerPool
  let patience: Patience
  private var repliesToMessage = 0
  /// What the header of the message passes, where it is not sent as it is.
  var replacement: AuthorReplacement?
  /// The size that the message has on the wire, unless its author is replaced.
  private var wireBytes = 0
  /// What its lines pass, where some of them are too long.
  var folding: LineFolding?
  /// Whether all of the content has been sent, and nothing was answered.
  private var isInDoubt = false
  /// When what is under way has to be over.
  private(set) var attemptEnd: Instant

  /// - Parameter context: the client side of TLS; nil where it is not used.
  init(
    _ connection: Connection, to target: HopAddress, settings: ClientSettings,
    context: TLSContext?, servers: KnownServers, disk: WorkerPool, patience: Patience
  ) {
    var settings = settings
    if settings.chunking != .never, let takesChunks = servers.takesChunks(target) {
      settings.chunking = takesChunks ? .always : .never
    }
    self.connection = connection
    self.target = target
    self.context = context
    self.servers = servers
    self.disk = disk
    self.patience = patience
    attemptEnd = .now + patience.attempt
    session = ClientSession(settings: settings)
  }

  /// Whether the server would take another message.
  var isOpen: Bool { session.isUsable }

  /// The version of TLS, `none`, or `failed`, for the log.
  var tls: String { hasTLSFailed ? "failed" : connection.encryption?.version ?? "none" }

  /// How many messages the server takes over one connection (RFC 9422 §4.1).
  var messageLimit: Int { session.capabilities.messageLimit ?? .max }

  /// Whether the server makes the reports that senders ask for (RFC 3461).
  var reportsDelivery: Bool { session.capabilities.hasDSN }

  /// Opens the session, up to where a message can be handed in.
  func open(isImplicitTLS: Bool) async -> End {
    if isImplicitTLS {
      do throws(ConnectionError) { try await startTLS() } catch {
        hasBroken = true
        hasTLSFailed = !error.isOurs
        return end(of: session.fail(diagnosis(of: error)))
      }
      session = ClientSession(settings: session.settings, isTLSActive: true)
    }
    return await perform(.awaitReply, content: nil)
  }

  /// Hands in a message and returns the outcomes of its recipients.
  ///
  /// - Parameters:
  ///   - rewriting: the address that the header is to be from; nil to leave it as it is.
  ///   - folds: how many folds the lines of the content need; nil to leave them as they are.
  func deliver(
    _ envelope: SMTP.Envelope, content: OpenMessage, as rewriting: Route.Rewriting? = nil,
    folds: Int? = nil
  ) async -> [Outcome] {
    // What is put into a header may be too long where nothing else is.
    let isFolded = folds.map { $0 > 0 || rewriting != nil } ?? false
    wireBytes = envelope.wireBytes
    folding = isFolded ? LineFolding() : nil
    replacement = rewriting.map {
      AuthorReplacement(by: $0.mailbox, addsReplyTo: $0.addsReplyTo)
    }
    messages += 1
    repliesToMessage = 0
    attemptEnd = .now + patience.attempt
    hasEndedAtOnce = false
    hasSentContent = false
    isInDoubt = false
    if messages > 1, let outcomes = outcomesOfIdleSession(envelope) { return outcomes }
    let end = await perform(session.deliver(envelope), content: content)
    guard case .finished(let outcomes) = end else {
      preconditionFailure("a message that was handed in has outcomes")
    }
    if session.isChunkingBroken {
      servers.noteBrokenChunking(at: target)
    } else if session.isInStep, session.capabilities.hasChunking {
      servers.noteInStep(target)
    }
    return outcomes
  }

  /// The outcomes where an idle session is over, or where its server has answered what was not asked.
  ///
  /// The next reply would be taken for that to another command, and a refused message for a delivered
  /// one.
  private func outcomesOfIdleSession(_ envelope: SMTP.Envelope) -> [Outcome]? {
    let error: ConnectionError
    do throws(ConnectionError) {
      guard try connection.hasInput() else { return nil }
      error = .malformed
    } catch let lost {
      error = lost
    }
    hasEndedAtOnce = true
    let diagnosis = diagnosis(of: error)
    _ = session.fail(diagnosis)
    return envelope.recipients.map { _ in .deferred(diagnosis) }
  }

  /// Says goodbye, if the session is in a state for it, and closes the connection.
  func close() async {
    if let context, !hasBroken, let ticket = connection.ticket {
      servers.keep(ticket, for: target, context, isResumed: connection.isResumed)
    }
    if session.canQuit { _ = await perform(session.quit(), content: nil) }
    await connection.close(until: .now)
  }

  // MARK: Actions

  private func perform(_ first: ClientAction, content: OpenMessage?) async -> End {
    var action = first
    while true {
      do throws(ConnectionError) {
        switch action {
        case .send(let bytes):
          try await connection.write(bytes, until: .now + patience.reply)
          action = receive(try await reply())
        case .awaitReply:
          action = receive(try await reply())
        case .startTLS:
          try await startTLS()
          action = session.tlsEstablished()
        case .sendContent:
          guard let content else { preconditionFailure("only a message has content") }
          try await send(content, after: nil)
          action = receive(try await reply())
        case .sendChunk(let command):
          guard let content else { preconditionFailure("only a message has content") }
          try await send(content, after: command)
          action = receive(try await reply())
          hasRefusedChunk = session.isChunkingBroken
        case .prepareAuthentication:
          action = session.authenticate(random: try random(), binding: connection.binding)
        case .compute(let computation):
          action = try await perform(computation)
        case .ready, .finished, .unavailable, .close:
          return end(of: action)
        }
      } catch {
        hasBroken = true
        if session.isTLSUnproven, !error.isOurs { hasTLSFailed = true }
        if connection.isEncrypted { servers.forgetTicket(of: target) }
        hasEndedAtOnce = repliesToMessage == 0 && error.isEndOfConnection
        // What was only slow, up to the end of the attempt, was not silent.
        hasTimedOut = error.isTimeOut && .now < attemptEnd
        action = session.fail(diagnosis(of: error))
      }
    }
  }

  private func end(of action: ClientAction) -> End {
    switch action {
    case .ready: .ready
    case .finished(let outcomes): .finished(outcomes)
    case .unavailable(let diagnosis): .unavailable(diagnosis)
    case .prepareAuthentication, .compute, .send, .awaitReply, .startTLS, .sendContent,
      .sendChunk, .close:
      .closed
    }
  }

  private func perform(
    _ computation: ClientComputation
  ) async throws(ConnectionError) -> ClientAction {
    guard let (octets, serverSignature) = await result(of: computation) else {
      return session.fail(
        Diagnosis(EnhancedStatus(4, 7, 0), "CRAM-MD5 cannot be worked out on this machine"))
    }
    return session.computed(octets, serverSignature: serverSignature)
  }

  private func startTLS() async throws(ConnectionError) {
    guard let context else { preconditionFailure("TLS is started only where there is a context") }
    let ticket = servers.ticket(for: target, context)
    hasOfferedTicket = ticket != nil
    isShakingHands = true
    try await connection.connectTLS(
      context, serverName: target.host, resuming: ticket, until: .now + patience.connect)
    isShakingHands = false
  }

  /// Sends the content, in a chunk if there is a command for it.
  private func send(
    _ content: OpenMessage, after command: [UInt8]?
  ) async throws(ConnectionError) {
    // A reply that is here before the content is not about it: the server is out of step.
    if try connection.hasInput() { throw .malformed }
    hasSentContent = true
    try await stream(content, after: command, wireBytes: wireBytes)
    isInDoubt = true
  }

  private func receive(_ reply: Reply) -> ClientAction {
    repliesToMessage += 1
    isInDoubt = false
    let wasStartingTLS = session.awaited == .startTLS
    let wasLoggingIn = session.awaited == .authentication
    let action = session.receive(reply)
    if wasStartingTLS, !session.isUsable { hasTLSFailed = true }
    if wasLoggingIn, !session.isUsable { isLoginRefused = true }
    // A server that has waited for too long says 421 before it closes, and to whatever comes next.
    hasEndedAtOnce = repliesToMessage == 1 && !session.isUsable
    return action
  }

  private func reply() async throws(ConnectionError) -> Reply {
    var deadline = Instant.now + min(session.awaited?.timeout ?? patience.reply, patience.reply)
    // After the content the server has all of its time: to give up there sends the message twice.
    if session.awaited != .content { deadline = min(deadline, attemptEnd) }
    var parser = ReplyParser()
    while true {
      let line = try await connection.readLine(
        limit: SMTP.Limits.receivedReplyLineBytes, until: deadline)
      guard let line else { throw .endlessLine }
      switch parser.receive(line[...]) {
      case .incomplete: continue
      case .reply(let reply): return reply
      case .malformed: throw .malformed
      }
    }
  }

  private func diagnosis(of error: ConnectionError) -> Diagnosis {
    let status =
      switch error {
      case .tls: EnhancedStatus(4, 7, 5)
      case .malformed, .endlessLine, .tlsOnPlainPort: EnhancedStatus(4, 5, 0)
      case .closed, .dismissed, .wait, .system, .plaintextAfterStartTLS: EnhancedStatus(4, 4, 2)
      }
    let awaited = session.awaited.map { " while waiting for \($0.text)" } ?? ""
    let waiting = isShakingHands ? " while shaking hands" : awaited
    if case .tls(.untrusted) = error { return Diagnosis(status, "\(target): \(error.reason)") }
    // What the server's kernel has not confirmed, the server has not read.
    let isInDoubt = isInDoubt && connection.mayBeConfirmed
    // RFC 5321 §4.5.3.2.6: what is sent once more may arrive twice, and what is not may never arrive.
    let doubt =
      isInDoubt ? "; all of the message was sent, so the next attempt may deliver it twice" : ""
    return Diagnosis(status, "\(target): \(error.reason)\(waiting)\(doubt)")
  }
}

extension ConnectionError {
  /// Whether the peer was silent for too long.
  fileprivate var isTimeOut: Bool { if case .wait(.timedOut) = self { true } else { false } }

  /// Whether it is this program that has ended the wait.
  fileprivate var isOurs: Bool {
    switch self {
    case .wait(.cancelled), .wait(.draining): true
    default: false
    }
  }

  /// Whether there is no connection any more; under TLS a peer often leaves without a word.
  fileprivate var isEndOfConnection: Bool {
    switch self {
    case .closed, .system, .tls: true
    case .dismissed, .wait, .malformed, .endlessLine, .plaintextAfterStartTLS, .tlsOnPlainPort:
      false
    }
  }
}
