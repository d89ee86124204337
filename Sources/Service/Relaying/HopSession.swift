import EventLoop
import Mail
import Network
import Platform
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
  /// Whether the content of the message was begun.
  private(set) var hasSentContent = false
  /// Whether the TLS handshake has failed.
  private(set) var hasTLSFailed = false
  private let connection: Connection
  private var session: ClientSession
  private let context: TLSContext?
  private let disk: WorkerPool
  private let patience: Patience
  private var repliesToMessage = 0
  /// What the header of the message passes, where it is not sent as it is.
  private var replacement: AuthorReplacement?
  /// When what is under way has to be over.
  private var attemptEnd: Instant

  /// - Parameter context: the client side of TLS; nil where it is not used.
  init(
    _ connection: Connection, to target: HopAddress, settings: ClientSettings,
    context: TLSContext?, disk: WorkerPool, patience: Patience
  ) {
    self.connection = connection
    self.target = target
    self.context = context
    self.disk = disk
    self.patience = patience
    attemptEnd = .now + patience.attempt
    session = ClientSession(settings: settings)
  }

  /// Whether the server would take another message.
  var isOpen: Bool { session.isUsable }

  /// Whether the server makes the reports that senders ask for (RFC 3461).
  var reportsDelivery: Bool { session.capabilities.hasDSN }

  /// Opens the session, up to where a message can be handed in.
  func open(isImplicitTLS: Bool) async -> End {
    if isImplicitTLS {
      do throws(ConnectionError) { try await startTLS() } catch {
        return end(of: session.fail(diagnosis(of: error)))
      }
      session = ClientSession(settings: session.settings, isTLSActive: true)
    }
    return await perform(.awaitReply, content: nil)
  }

  /// Hands in a message and returns the outcomes of its recipients.
  ///
  /// - Parameter rewriting: the address that the header is to be from; nil to leave it as it is.
  func deliver(
    _ envelope: SMTP.Envelope, content: OpenMessage, as rewriting: Route.Rewriting? = nil
  ) async -> [Outcome] {
    replacement = rewriting.map {
      AuthorReplacement(by: $0.mailbox, addsReplyTo: $0.addsReplyTo)
    }
    messages += 1
    repliesToMessage = 0
    attemptEnd = .now + patience.attempt
    hasEndedAtOnce = false
    hasSentContent = false
    let end = await perform(session.deliver(envelope), content: content)
    guard case .finished(let outcomes) = end else {
      preconditionFailure("a message that was handed in has outcomes")
    }
    return outcomes
  }

  /// Says goodbye, if the session is in a state for it, and closes the connection.
  func close() async {
    if session.isUsable { _ = await perform(session.quit(), content: nil) }
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
          // A reply that is here before the content is not about it: the server is out of step.
          if connection.hasBufferedInput { throw .malformed }
          hasSentContent = true
          try await send(content)
          action = receive(try await reply())
        case .ready, .finished, .unavailable, .close:
          return end(of: action)
        }
      } catch {
        hasEndedAtOnce = repliesToMessage == 0 && error.isEndOfConnection
        action = session.fail(diagnosis(of: error))
      }
    }
  }

  private func end(of action: ClientAction) -> End {
    switch action {
    case .ready: .ready
    case .finished(let outcomes): .finished(outcomes)
    case .unavailable(let diagnosis): .unavailable(diagnosis)
    case .send, .awaitReply, .startTLS, .sendContent, .close: .closed
    }
  }

  private func receive(_ reply: Reply) -> ClientAction {
    repliesToMessage += 1
    let action = session.receive(reply)
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

  private func startTLS() async throws(ConnectionError) {
    guard let context else { preconditionFailure("TLS is started only where there is a context") }
    hasTLSFailed = true
    try await connection.connectTLS(
      context, serverName: target.host, until: .now + patience.connect)
    hasTLSFailed = false
  }

  /// Streams the content in its wire form, up to and including the final dot.
  ///
  /// When the file cannot be read to its end, or has another end than it had, the dot is not sent and
  /// the connection is given up: half a message is none.
  private func send(_ content: OpenMessage) async throws(ConnectionError) {
    var encoder = WireEncoder()
    var offset = 0
    var piece = content.beginning
    while offset < content.contentBytes {
      if offset > 0 { piece = try await read(content, at: offset) }
      if piece.isEmpty { throw .system(.fileTooShort) }
      let count = piece.count
      if replacement?.isComplete == false { piece = replace(piece) }
      var wire: [UInt8] = []
      encoder.encode(piece.span, into: &wire)
      try await connection.write(wire, until: min(.now + patience.contentPiece, attemptEnd))
      offset += count
    }
    var end: [UInt8] = []
    var rest: [UInt8] = []
    replacement?.finish(into: &rest)
    encoder.encode(rest.span, into: &end)
    encoder.finish(into: &end)
    try await connection.write(end, until: min(.now + patience.contentPiece, attemptEnd))
  }

  private func replace(_ piece: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    replacement?.process(piece.span, into: &output)
    return output
  }

  private func read(
    _ content: OpenMessage, at offset: Int
  ) async throws(ConnectionError) -> [UInt8] {
    do throws(SystemError) {
      return try await disk.run { () throws(SystemError) in
        try content.read(upTo: Limits.pieceBytes, at: offset)
      }
    } catch {
      throw .system(error)
    }
  }

  private func diagnosis(of error: ConnectionError) -> Diagnosis {
    let status =
      switch error {
      case .tls: EnhancedStatus(4, 7, 5)
      case .malformed, .endlessLine, .tlsOnPlainPort: EnhancedStatus(4, 5, 0)
      case .closed, .wait, .system, .plaintextAfterStartTLS: EnhancedStatus(4, 4, 2)
      }
    let waiting = session.awaited.map { " while waiting for \($0.text)" } ?? ""
    return Diagnosis(status, "\(target): \(error.reason)\(waiting)")
  }
}

extension ConnectionError {
  /// Whether there is no connection any more; under TLS a peer often leaves without a word.
  fileprivate var isEndOfConnection: Bool {
    switch self {
    case .closed, .system, .tls: true
    case .wait, .malformed, .endlessLine, .plaintextAfterStartTLS, .tlsOnPlainPort: false
    }
  }
}
