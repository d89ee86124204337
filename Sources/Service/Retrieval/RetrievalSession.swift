import EventLoop
import Log
import Network
import POP3
import Platform
import SASL

/// One client: reads a line, asks the protocol what to do, and does it.
@Loop
final class RetrievalSession {
  let service: Retrieval
  let connection: Connection
  let listener: String
  private let beginsWithTLS: Bool
  var protocolSession: Session
  var maildrop: OpenMaildrop?
  private var sentMessages = 0
  private var removedMessages = 0
  private var isEnded = false

  init(
    _ service: Retrieval, connection: Connection, listener: String, beginsWithTLS: Bool
  ) {
    self.service = service
    self.connection = connection
    self.listener = listener
    self.beginsWithTLS = beginsWithTLS
    let settings = service.settings
    protocolSession = Session(
      SessionSettings(
        hostName: settings.hostName, offersTLS: service.identity != nil,
        allowsLoginWithoutTLS: settings.allowsLoginWithoutTLS(connection.peer.host)),
      isSecure: beginsWithTLS)
  }

  var client: String { "\(connection.peer.host)" }

  /// The end of the next wait for the client.
  var deadline: Instant { .now + service.settings.timeout }

  /// Talks to the client until one of both has enough.
  func run() async {
    do throws(ConnectionError) {
      if beginsWithTLS { try await startTLS() }
      try await send(protocolSession.greeting)
      while !isEnded { try await perform(nextAction()) }
    } catch {
      await giveUp(because: error)
    }
    leaveMaildrop()
    await connection.close(until: deadline)
  }

  private func nextAction() async throws(ConnectionError) -> Action {
    // While the client thinks, nothing is kept for it.
    if !connection.hasBufferedInput { maildrop?.forgetReadAhead() }
    let line = try await connection.readLine(
      limit: protocolSession.lineLimit - 2, until: deadline, isInterruptible: true)
    guard let line else { return protocolSession.receiveOverlongLine() }
    return protocolSession.receive(line[...])
  }

  private func perform(_ action: Action) async throws(ConnectionError) {
    switch action {
    case .reply(let reply):
      try await send(reply)
    case .close(let reply):
      isEnded = true
      try await send(reply)
    case .startTLS(let reply):
      // Checked before the reply, so that nothing a client sent in clear is ever taken for more.
      if connection.hasBufferedInput { throw .plaintextAfterStartTLS }
      try await send(reply)
      try await connection.flush(until: deadline)
      try await startTLS()
      protocolSession.tlsEstablished()
    case .verify(let user, let password, let mechanism):
      try await perform(logIn(user, password, mechanism))
    case .list(let listing):
      try await send(listing)
    case .send(let index, let bodyLines):
      try await send(index, bodyLines: bodyLines)
    case .update(let messages):
      isEnded = true
      try await update(messages)
    }
  }

  func send(_ reply: Reply) async throws(ConnectionError) {
    try await connection.write(reply.bytes, until: deadline)
  }

  private func send(_ listing: ListingReply) async throws(ConnectionError) {
    var listing = listing
    while !listing.isAtEnd {
      var lines: [UInt8] = []
      listing.appendLines(to: &lines, upTo: 8 << 10)
      try await connection.write(lines, until: deadline)
    }
  }

  private func send(_ index: Int, bodyLines: Int?) async throws(ConnectionError) {
    guard let maildrop else { preconditionFailure("a message is sent from an open maildrop") }
    let transfer = MessageTransfer(index, bodyLines: bodyLines, of: maildrop)
    let isSent = try await transfer.run(on: self)
    if isSent, bodyLines == nil { sentMessages += 1 }
  }

  private func startTLS() async throws(ConnectionError) {
    guard let context = service.identity?.context else {
      preconditionFailure("TLS is offered only with a certificate")
    }
    try await connection.acceptTLS(context, until: deadline)
  }

  private func update(_ messages: MessageSet) async throws(ConnectionError) {
    let failures = await maildrop?.remove(messages) ?? 0
    removedMessages = messages.count - failures
    // Before the reply, because the client may log in again as soon as it has it.
    leaveMaildrop()
    try await send(protocolSession.updated(failures: failures))
  }

  /// Closes the maildrop; messages that are marked as deleted stay (RFC 1939 §6).
  private func leaveMaildrop() {
    guard let maildrop else { return }
    self.maildrop = nil
    service.maildrops.close(maildrop)
    Log.record(
      .retrieved(
        client: client, user: maildrop.user, sent: sentMessages, removed: removedMessages))
  }

  private func giveUp(because error: ConnectionError) async {
    // A client that connects and leaves is a port check, or has seen enough.
    if case .closed = error, maildrop == nil { return }
    Log.record(.sessionEnded(service: listener, client: client, reason: error.reason))
    // A client that was silent for too long gets no answer (RFC 1939 §3).
    guard case .wait(.draining) = error else { return }
    _ = try? await send(.stopping)
  }
}
