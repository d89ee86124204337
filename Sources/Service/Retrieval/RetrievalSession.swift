import Accounts
import EventLoop
import Log
import Network
import POP3
import Platform
import SASL
import TLS

/// One client: what is known of it, and how each line is answered.
@Loop
final class RetrievalSession {
  let service: Retrieval
  let connection: Connection
  let listener: String
  private let exceptions: ClientExceptions
  var protocolSession: Session
  var maildrop: OpenMaildrop?
  /// Whether there has been a maildrop: after QUIT there is none.
  var hasLoggedIn = false
  /// The user whose proof was right, until the client has confirmed ours.
  var proven: Verification?
  /// When the grant that the login has earned is extended next.
  var nextExtension = Instant(nanoseconds: 0)
  /// The shortest window is a minute.
  static let extensionPause: Duration = .seconds(30)
  private let start = Instant.now
  private var sentMessages = 0
  private var removedMessages = 0

  init(
    _ service: Retrieval, connection: Connection, listener: String, beginsWithTLS: Bool
  ) {
    self.service = service
    self.connection = connection
    self.listener = listener
    let settings = service.settings
    // The kernel is asked for our end only where it matters.
    exceptions =
      settings.exceptions.map { $0(connection.peer.host, listener, connection.localAddress) }
      ?? ClientExceptions()
    var offer = SessionSettings(
      hostName: settings.hostName, offersTLS: service.identity?.context != nil,
      allowsLoginWithoutTLS: settings.allowsLoginWithoutTLS(connection.peer.host)
        || exceptions.allowsLoginWithoutTLS)
    if settings.offersAPOP(connection.peer.host) {
      offer.timestamp = Self.timestamp(settings.hostName)
    }
    offer.loginDelay = settings.loginDelay
    offer.expiryDays = settings.expiryDays
    protocolSession = Session(offer, isSecure: beginsWithTLS)
  }

  var client: String { "\(connection.peer.host)" }

  /// Something that no other session has in its greeting; nothing where there are no random numbers.
  private static func timestamp(_ hostName: String) -> String? {
    guard let random = try? randomBytes(count: 12) else { return nil }
    return "<" + random.map { String($0) }.joined(separator: ".") + "@\(hostName)>"
  }

  /// The end of the next wait for the client: whoever has not logged in has less time, all in all.
  var deadline: Instant {
    @inline(never) get {
      let end = Instant.now + service.settings.timeout
      return hasLoggedIn ? end : min(end, start + service.settings.loginTime)
    }
  }

  @inline(never)
  func greeting() -> Reply { protocolSession.greeting }

  /// How long the next line may be; nil when there is none to read.
  @inline(never)
  func nextLineLimit() -> Int? {
    // While the client thinks, nothing is kept for it.
    if !connection.hasBufferedInput { maildrop?.forgetReadAhead() }
    return protocolSession.isEnded ? nil : protocolSession.lineLimit - 2
  }

  /// Acts on a line, or on one that was too long and has been skipped.
  func answer(_ line: [UInt8]?) async throws(ConnectionError) {
    let action = action(on: line)
    if maildrop == nil { try await performApart(action) } else { try await perform(action) }
  }

  /// Performs what may be a login in a child task, which gives back what it has used for frames; and
  /// nothing goes deeper than the verification of a password.
  @inline(never)
  private func performApart(_ action: Action) async throws(ConnectionError) {
    let error = await withTaskGroup(of: ConnectionError?.self) { group in
      group.addTask { await self.error(of: action) }
      return await group.next() ?? nil
    }
    if let error { throw error }
  }

  private func error(of action: Action) async -> ConnectionError? {
    do throws(ConnectionError) {
      try await perform(action)
      return nil
    } catch {
      return error
    }
  }

  func perform(_ action: Action) async throws(ConnectionError) {
    switch action {
    case .reply(let reply): try await send(reply)
    case .startTLS(let reply): try await startTLS(after: reply)
    case .verify(let user, let password, let mechanism):
      try await logIn(user, password, mechanism)
    case .verifyDigest(let user, let timestamp, let digest):
      try await logIn(user, timestamp: timestamp, digest: digest)
    case .lookUp(let user, let binding): try await perform(lookUp(user, binding))
    case .checkProof(let proof): try await check(proof)
    case .logIn(let user, let mechanism): try await logInProven(user, mechanism)
    case .list: try await sendListing()
    case .send(let index, let bodyLines): try await send(index, bodyLines: bodyLines)
    case .update(let messages): try await update(messages)
    }
  }

  @inline(never)
  private func action(on line: [UInt8]?) -> Action {
    // Who has logged in may read thousands of messages in a minute.
    if maildrop == nil, !service.conduct.noteCommand(of: connection.peer.host) {
      Log.record(
        .sessionEnded(service: listener, client: client, reason: "too many commands in a minute"))
      return protocolSession.tooManyCommands()
    }
    extendGrantIfDue()
    guard let line else { return protocolSession.receiveOverlongLine() }
    return protocolSession.receive(line[...])
  }

  func send(_ reply: Reply) async throws(ConnectionError) {
    try await connection.write(reply.bytes, until: deadline)
  }

  private func sendListing() async throws(ConnectionError) {
    var lines: [UInt8] = []
    lines.reserveCapacity(9 << 10)
    var hasMore = true
    while hasMore {
      lines.removeAll(keepingCapacity: true)
      hasMore = protocolSession.appendListing(to: &lines, upTo: 8 << 10)
      try await connection.write(lines, until: deadline)
    }
  }

  private func send(_ index: Int, bodyLines: Int?) async throws(ConnectionError) {
    guard let maildrop else { preconditionFailure("a message is sent from an open maildrop") }
    let transfer = MessageTransfer(index, bodyLines: bodyLines, of: maildrop, on: self)
    try await transfer.run()
    if transfer.isComplete, bodyLines == nil {
      sentMessages += 1
      maildrop.noteRead(index)
      // Another program has changed the file, or given it a wrong name.
      if maildrop.noteSize(transfer.contentBytes, of: index) {
        protocolSession.correctSize(of: index, to: transfer.contentBytes)
      }
    }
  }

  private func startTLS(after reply: Reply) async throws(ConnectionError) {
    // Before the reply, so that nothing a client sent in clear is ever taken for more.
    if connection.hasBufferedInput {
      try await send(.commandAfterStartTLS)
      try await connection.flush(until: deadline)
      throw .plaintextAfterStartTLS
    }
    try await send(reply)
    try await connection.flush(until: deadline)
    try await startTLS()
    protocolSession.tlsEstablished()
  }

  func startTLS() async throws(ConnectionError) {
    let old = exceptions.allowsOldTLS ? service.identity?.oldContext : nil
    guard let context = old ?? service.identity?.context else { throw .tls(.noCertificate) }
    try await connection.acceptTLS(context, as: listener, until: deadline)
  }

  private func update(_ messages: MessageSet) async throws(ConnectionError) {
    // What a client has asked for before QUIT is on its way before it is removed here.
    try await connection.flush(until: deadline)
    let failures = await maildrop?.remove(messages) ?? 0
    removedMessages = messages.count - failures
    extendGrant()
    await maildrop?.keepSizes()
    // Before the reply, because the client may log in again as soon as it has it.
    leaveMaildrop()
    try await send(protocolSession.updated(failures: failures))
  }

  /// Closes the maildrop; messages that are marked as deleted stay (RFC 1939 §6).
  func leaveMaildrop() {
    guard let maildrop else { return }
    self.maildrop = nil
    service.maildrops.close(maildrop)
    Log.record(
      .retrieved(
        client: client, user: maildrop.user, sent: sentMessages, removed: removedMessages))
  }

  func giveUp(because error: ConnectionError) async {
    // A client that connects and leaves is a port check, or has seen enough.
    if case .closed = error, maildrop == nil { return }
    await maildrop?.keepSizes()
    Log.record(
      .sessionEnded(
        service: listener, client: client,
        reason: (connection.isShakingHands ? "while shaking hands: " : "") + error.reason))
    // A client that was silent for too long gets no answer (RFC 1939 §3).
    switch error {
    case .wait(.draining): _ = try? await send(.stopping)
    case .dismissed: _ = try? await send(.tooManySessions)
    default: break
    }
  }
}
