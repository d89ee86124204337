package import Mail
import SASL

/// The client's side of an SMTP connection, as a value: replies go in, actions come out.
///
/// It greets, starts TLS and authenticates as its settings ask, and then sends messages, one after the
/// other, in as few round trips as the server's extensions allow. The first reply to hand in is the
/// server's greeting.
///
/// With an LMTP server it is the same dialogue, but for its first command and its last replies.
///
/// **Failures**: what goes wrong before a message is `unavailable`, and never more than temporary: a
/// wrong password or a missing certificate is no reason to return mail. The exception is a server
/// that lacks what `needsRequireTLS` asks for: the finding has a status of class 5 then. What goes
/// wrong with a message is in its outcomes. After the final dot only a reply settles them: a connection
/// lost there defers, although the server may have taken the message.
package struct ClientSession: Sendable {
  enum Stage {
    case awaiting(Awaited)
    /// What SCRAM needs is being got; these mechanisms were refused before.
    case preparing(refused: [Mechanism])
    case authenticating(ClientExchange, refused: [Mechanism])
    /// The exchange was given up, for this reason, and the server has to agree.
    case cancelling(Diagnosis)
    case handshaking
    case ready
    case sendingCommands(Delivery)
    case sendingContent(Delivery)
    /// The content in one chunk, whose reply decides as that to the end of the content does.
    case sendingChunk(Delivery)
    /// The lone dot for a server that asks for content, having refused all recipients.
    case sendingNothing(Delivery)
    /// No message can be handed in, and the server waits for QUIT.
    case leaving
    case closed
  }

  /// What the session is to do.
  package let settings: ClientSettings
  /// What the server can do, as it last said.
  package private(set) var capabilities = Capabilities()
  /// Whether the server offers CHUNKING and does not do it: it is to be given no chunk again.
  package private(set) var isChunkingBroken = false
  /// Whether the server has answered DATA, and so all that came before, in its place.
  package private(set) var isInStep = false
  /// Whether the connection is under TLS.
  package private(set) var isTLSActive: Bool

  var stage = Stage.awaiting(.greeting)
  private var isGreetedByHELO = false
  private var needsReset = false
  /// How many recipients the server has shown to take with one message.
  private var recipientLimit: Int?

  /// A session that has just been connected, under TLS if that comes before all else.
  package init(settings: ClientSettings, isTLSActive: Bool = false) {
    self.settings = settings
    self.isTLSActive = isTLSActive
  }

  /// Whether a message can be handed in, now or when what is under way has ended.
  package var isUsable: Bool {
    switch stage {
    case .leaving, .closed: false
    default: true
    }
  }

  /// Whether the server is to be told before the connection is closed (RFC 5321 §4.1.1.10).
  package var canQuit: Bool {
    switch stage {
    case .ready, .leaving: true
    default: false
    }
  }

  /// Whether TLS has been begun, and nothing has come under it that proves it: up to the reply to EHLO.
  package var isTLSUnproven: Bool {
    switch stage {
    case .awaiting(.startTLS), .handshaking: true
    case .awaiting(.greeting), .awaiting(.hello): isTLSActive
    default: false
    }
  }

  /// The reply that is waited for, nil when none is.
  package var awaited: Awaited? {
    switch stage {
    case .awaiting(let awaited): awaited
    case .authenticating, .cancelling: .authentication
    case .sendingContent, .sendingChunk, .sendingNothing: .content
    case .preparing, .handshaking, .ready, .leaving, .closed: nil
    case .sendingCommands(let delivery):
      switch delivery.awaited {
      case .reset: .reset
      case .mail: .mail
      case .recipient: .recipient
      case .data: .data
      case nil: nil
      }
    }
  }

  // MARK: What the driver reports

  /// Takes the next reply, and tells what to do.
  package mutating func receive(_ reply: Reply) -> ClientAction {
    let reply = withoutPassword(reply)
    if case .awaiting(.quit) = stage {
      stage = .closed
      return .close
    }
    // Wherever it comes, 421 says that the server closes the connection (RFC 5321 §3.8).
    if reply.code == .unavailable { return giveUp(Diagnosis(reply)) }
    // So does 221, which nobody has asked for: by its class it would be taken for a success.
    if reply.code == .closing {
      return giveUp(Diagnosis(EnhancedStatus(4, 4, 2), "The host ends the session: " + reply.text))
    }
    switch stage {
    case .awaiting(.greeting): return receiveGreeting(reply)
    case .awaiting(.hello): return receiveHello(reply)
    case .awaiting(.startTLS): return receiveStartTLS(reply)
    case .authenticating(let exchange, let refused):
      return continueAuthentication(exchange, refused, reply)
    case .cancelling(let diagnosis): return leave(diagnosis)
    case .sendingCommands(let delivery): return receive(reply, in: delivery)
    case .sendingContent(var delivery) where settings.dialect == .lmtp:
      delivery.endTransaction()
      let isLast = delivery.settleNext(reply.outcome)
      stage = .sendingContent(delivery)
      return isLast ? finish(delivery) : .awaitReply
    case .sendingContent(var delivery):
      delivery.endTransaction()
      delivery.settle(reply.outcome)
      return finish(delivery)
    case .sendingChunk(let delivery): return receiveVerdict(reply, onChunkOf: delivery)
    case .sendingNothing(var delivery):
      delivery.endTransaction()
      return finish(delivery)
    case .awaiting, .preparing, .handshaking, .ready, .leaving, .closed:
      return giveUp(Diagnosis(EnhancedStatus(4, 5, 0), "Unexpected reply: " + reply.text))
    }
  }

  /// Starts anew under TLS: nothing the server said in clear counts (RFC 3207 §4.2).
  package mutating func tlsEstablished() -> ClientAction {
    isTLSActive = true
    capabilities = Capabilities()
    return sayHello()
  }

  /// Sends a message; to call it unless the session is ready is a bug.
  package mutating func deliver(_ envelope: Envelope) -> ClientAction {
    guard case .ready = stage else { preconditionFailure("the session is not ready for a message") }
    if let obstacle = obstacle(to: envelope) {
      return .finished(envelope.recipients.map { _ in .failed(obstacle) })
    }
    return begin(
      Delivery(
        envelope, capabilities: capabilities, beginsWithReset: needsReset,
        recipientLimit: recipientLimit, usesChunk: usesChunking && capabilities.hasChunking))
  }

  /// Asks whether the server would take mail for a recipient, and sends none; to call it unless the
  /// session is ready is a bug.
  ///
  /// The outcome is `delivered` where it would.
  package mutating func verify(_ recipient: ForwardPath) -> ClientAction {
    guard case .ready = stage else {
      preconditionFailure("the session is not ready for a question")
    }
    let isASCII = recipient.text.utf8.allSatisfy { $0 < 0x80 }
    let envelope = Envelope(
      sender: .null, recipients: [.init(recipient)], wireBytes: 0, needsUTF8: !isASCII)
    if let obstacle = obstacle(to: envelope) { return .finished([.failed(obstacle)]) }
    return begin(
      Delivery(
        envelope, capabilities: capabilities, beginsWithReset: needsReset, isProbe: true))
  }

  private var usesChunking: Bool {
    switch settings.chunking {
    case .never: false
    case .onceInStep: isInStep
    case .always: true
    }
  }

  private mutating func begin(_ delivery: Delivery) -> ClientAction {
    var delivery = delivery
    let commands = delivery.nextCommands()
    stage = .sendingCommands(delivery)
    return .send(commands)
  }

  /// Why the server cannot take a message of this kind from anybody.
  private func obstacle(to envelope: Envelope) -> Diagnosis? {
    if let limit = capabilities.messageBytes, envelope.wireBytes > limit {
      let text = "The message has \(envelope.wireBytes) bytes, and the next host takes \(limit)"
      return Diagnosis(EnhancedStatus(5, 3, 4), text)
    }
    if envelope.needsUTF8, !capabilities.hasSMTPUTF8 {
      // RFC 6531 §3.5: such a message is returned, for nobody may rewrite its addresses.
      return Diagnosis(EnhancedStatus(5, 6, 7), "The next host does not take SMTPUTF8 messages")
    }
    let mayLackTLS = !envelope.requiresTLS || envelope.sender == .null
    if !mayLackTLS, !capabilities.hasRequireTLS { return Self.noRequireTLS }
    return nil
  }

  /// RFC 8689 §4.2.1.
  static var noRequireTLS: Diagnosis {
    Diagnosis(EnhancedStatus(5, 7, 30), "REQUIRETLS is needed, and the host does not offer it")
  }

  /// Ends the session; to call it unless the session `canQuit` is a bug.
  package mutating func quit() -> ClientAction {
    precondition(canQuit, "the session is not ready to end")
    return send("QUIT", awaiting: .quit)
  }

  /// Takes the news that the connection has failed: lost, timed out, or not speaking SMTP.
  ///
  /// The recipients of the message under way that have no outcome yet are deferred.
  package mutating func fail(_ diagnosis: Diagnosis) -> ClientAction {
    // Some servers offer CHUNKING and something before them knows nothing of it: both then wait.
    if case .sendingChunk = stage { isChunkingBroken = true }
    return giveUp(diagnosis)
  }

  /// Ends the session, of which nothing more can be expected.
  mutating func giveUp(_ diagnosis: Diagnosis) -> ClientAction {
    defer { stage = .closed }
    switch stage {
    case .sendingCommands(let delivery), .sendingContent(let delivery),
      .sendingChunk(let delivery), .sendingNothing(let delivery):
      return .finished(delivery.outcomes(open: .deferred(diagnosis), isOver: true))
    case .awaiting(.quit), .closed:
      return .close
    case .awaiting, .preparing, .authenticating, .cancelling, .handshaking, .ready, .leaving:
      return .unavailable(diagnosis)
    }
  }

  /// Gives the session up with a server that is in step, and is owed a QUIT.
  mutating func leave(_ diagnosis: Diagnosis) -> ClientAction {
    stage = .leaving
    return .unavailable(diagnosis)
  }

  // MARK: Opening the session

  private mutating func receiveGreeting(_ reply: Reply) -> ClientAction {
    // A 554 here says that no mail is taken by this host, and perhaps by the next one.
    reply.code == .ready ? sayHello() : leave(Diagnosis(reply))
  }

  private mutating func sayHello() -> ClientAction {
    let verb = settings.dialect == .lmtp ? "LHLO " : "EHLO "
    return send(verb + settings.hostname.text, awaiting: .hello)
  }

  private mutating func receiveHello(_ reply: Reply) -> ClientAction {
    switch reply.code.category {
    case .success:
      if !isGreetedByHELO { capabilities = Capabilities(reply, isTLSActive: isTLSActive) }
      return startTLSOrGoOn()
    case .permanentFailure
    where !isGreetedByHELO && !isTLSActive && settings.dialect == .smtp:
      isGreetedByHELO = true
      return send("HELO " + settings.hostname.text, awaiting: .hello)
    case .permanentFailure, .intermediate, .temporaryFailure:
      return leave(Diagnosis(reply))
    }
  }

  private mutating func startTLSOrGoOn() -> ClientAction {
    guard !isTLSActive, settings.tls != .never else { return authenticateOrGoOn() }
    if capabilities.hasStartTLS { return send("STARTTLS", awaiting: .startTLS) }
    guard settings.tls == .required else { return authenticateOrGoOn() }
    if settings.needsRequireTLS {
      // RFC 8689 §4.2.1 has the message returned, also where somebody on the way has hidden STARTTLS.
      return leave(
        Diagnosis(EnhancedStatus(5, 7, 10), "TLS is needed, and the host does not offer it"))
    }
    return leave(
      Diagnosis(EnhancedStatus(4, 7, 4), "TLS is required, and the host does not offer it"))
  }

  private mutating func receiveStartTLS(_ reply: Reply) -> ClientAction {
    if reply.code == .ready {
      stage = .handshaking
      return .startTLS
    }
    // A failure that may pass is one of TLS (RFC 3207 §4): what it means is for the driver's policy.
    let isFailure = settings.tls == .required || reply.code.category != .permanentFailure
    return isFailure ? leave(Diagnosis(reply)) : authenticateOrGoOn()
  }

  // MARK: Sending a message

  private mutating func receive(_ reply: Reply, in delivery: Delivery) -> ClientAction {
    var delivery = delivery
    guard delivery.awaited == .data else {
      delivery.receive(reply)
      return goOn(delivery)
    }
    delivery.startContent()
    switch reply.code.category {
    case .intermediate where delivery.isAccepted:
      isInStep = true
      stage = .sendingContent(delivery)
      return .sendContent
    case .intermediate where settings.dialect == .lmtp:
      // RFC 2033 §4.2 forbids it, and there would be no reply to the end of the content.
      stage = .sendingCommands(delivery)
      return giveUp(Diagnosis(EnhancedStatus(4, 5, 0), "Content is wanted for nobody"))
    case .intermediate:
      // RFC 2920 §3.1: DATA was sent before it was known that nobody would be accepted.
      stage = .sendingNothing(delivery)
      return .send(Array(".\r\n".utf8))
    case .success where delivery.isAccepted:
      stage = .sendingCommands(delivery)
      return giveUp(Diagnosis(EnhancedStatus(4, 5, 0), "No reply to DATA: " + reply.text))
    case .success, .temporaryFailure, .permanentFailure:
      delivery.settle(reply.outcome)
      return finish(delivery)
    }
  }

  /// Takes the reply to the last chunk, which in LMTP is one for each recipient (RFC 2033 §4.2).
  private mutating func receiveVerdict(
    _ reply: Reply, onChunkOf delivery: Delivery
  ) -> ClientAction {
    // A server of LMTP that has said yes for one recipient has understood the chunk.
    if (500...504).contains(reply.code.rawValue), delivery.isTransactionOpen {
      // It does not judge the message: it does not know the command that it has offered, and takes the
      // content for more of them. To go on would let a message speak to the server.
      isChunkingBroken = true
      return giveUp(Diagnosis(EnhancedStatus(4, 5, 0), "CHUNKING fails: " + reply.text))
    }
    var delivery = delivery
    // RFC 3030 §2: after a chunk that has failed the server takes nothing before RSET.
    if reply.code.category == .success { delivery.endTransaction() }
    guard settings.dialect == .lmtp else {
      delivery.settle(reply.outcome)
      return finish(delivery)
    }
    let isLast = delivery.settleNext(reply.outcome)
    stage = .sendingChunk(delivery)
    return isLast ? finish(delivery) : .awaitReply
  }

  private mutating func goOn(_ delivery: Delivery) -> ClientAction {
    var delivery = delivery
    let commands = delivery.nextCommands()
    guard commands.isEmpty else {
      stage = .sendingCommands(delivery)
      return .send(commands)
    }
    guard delivery.awaited == nil else {
      stage = .sendingCommands(delivery)
      return .awaitReply
    }
    if delivery.usesChunk, delivery.isAccepted {
      stage = .sendingChunk(delivery)
      return .sendChunk(Array("BDAT \(delivery.envelope.wireBytes) LAST\r\n".utf8))
    }
    return finish(delivery)
  }

  private mutating func finish(_ delivery: Delivery) -> ClientAction {
    needsReset = delivery.isTransactionOpen
    recipientLimit = delivery.isAccepted ? delivery.shownLimit ?? recipientLimit : nil
    stage = .ready
    let open = Outcome.deferred(Diagnosis(EnhancedStatus(4, 5, 0), "The host gave no verdict"))
    return .finished(delivery.outcomes(open: open))
  }

  mutating func send(_ line: String, awaiting awaited: Awaited) -> ClientAction {
    stage = .awaiting(awaited)
    return .send(Array((line + "\r\n").utf8))
  }
}
