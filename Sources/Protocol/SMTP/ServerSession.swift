package import Mail
package import SASL

/// The server's side of an SMTP connection, as a value: lines go in, actions come out.
///
/// RFC 5321 with the `Extensions`. The driver reads a line, hands it to `receive`, and performs the
/// action; it has the checks of sender, recipient and password, which may take time, and tells their
/// result before it hands in the next line.
///
/// **Limits**: those of `Limits` and of the settings. **Failures**: a client's errors are replies.
package struct ServerSession: Sendable {
  /// What the session offers and asks for.
  package private(set) var settings: ServerSettings
  /// Whether the connection is under TLS.
  package private(set) var isTLSActive: Bool
  /// The name by which the client greeted; nil before it has.
  package private(set) var clientName: String?
  /// The user the client has proved to be.
  package private(set) var user: String?
  /// The transaction that is open.
  package private(set) var transaction: Transaction?

  /// Whether the next line is a part of an authentication exchange, and no command.
  package var isAuthenticating: Bool { exchange != nil }

  private var isExtended = false
  private var exchange: ServerExchange?
  private var commandErrors = 0
  private var refusedAddresses = 0
  private var authenticationFailures = 0

  /// A session that has just been connected, under TLS if that comes before all else.
  package init(settings: ServerSettings, isTLSActive: Bool = false) {
    self.settings = settings
    self.isTLSActive = isTLSActive
  }

  /// What the server says first.
  package var greeting: Reply {
    Reply(.ready, settings.hostname.text + " ESMTP Gatepost")
  }

  /// How a message that is taken in now comes in, for its trace field.
  package var transfer: TransferProtocol {
    TransferProtocol(
      isExtended: isExtended, isEncrypted: isTLSActive, isAuthenticated: user != nil,
      isInternational: transaction?.parameters.isInternational == true)
  }

  /// Takes a line, without its line end, and tells what to do.
  ///
  /// `isFollowed` tells whether more of the client's input has arrived behind the line.
  package mutating func receive(_ line: ArraySlice<UInt8>, isFollowed: Bool = false) -> ServerAction
  {
    if exchange != nil { return continueAuthentication(line) }
    let localDomain = isKnown ? settings.localDomain : nil
    switch Command.parse(line, leniency: settings.leniency, localDomain: localDomain) {
    case .invalid(let reply):
      let verb = Verb(line: line)
      // An address that is written wrong is an error of a person, not of the program.
      return verb == .mail || verb == .rcpt ? refused(reply) : error(reply)
    case .unframed(let reply): return .close(reply)
    case .anotherProtocol: return .close(.notThisProtocol)
    case .command(.startTLS) where isFollowed: return .close(.commandAfterStartTLS)
    case .command(let command): return handle(command)
    }
  }

  /// Tells what to do about a line over `Limits.commandLineBytes`, which has been skipped.
  package mutating func receiveOverlongLine() -> ServerAction {
    defer { exchange = nil }
    return error(exchange == nil ? .lineTooLong : .authenticationLineTooLong)
  }

  /// Takes a command, and tells what to do.
  package mutating func handle(_ command: Command) -> ServerAction {
    let action = breach(of: command.verb).map { error($0) } ?? obey(command)
    // The octets of a chunk come behind its command whatever is replied; left in the stream they would
    // be commands.
    if case .chunk(let bytes, _) = command, case .reply = action {
      return .skipChunk(bytes: bytes, then: action)
    }
    return action
  }

  private mutating func obey(_ command: Command) -> ServerAction {
    switch command {
    case .hello(let name, let isExtended):
      return greet(name, isExtended: isExtended)
    case .mail(let sender, let parameters):
      return open(sender, parameters)
    case .recipient(let path, let notification):
      return add(path, notification)
    case .data:
      guard let transaction else { return error(.outOfSequence("MAIL first")) }
      if transaction.hasContent { return error(.contentHasBegun) }
      return transaction.recipients.isEmpty ? .reply(.noRecipients) : .receiveData(.startContent)
    case .chunk(let bytes, let isLast):
      guard settings.extensions.contains(.chunking) else { return error(.notOffered) }
      guard let transaction else { return error(.outOfSequence("MAIL first")) }
      if transaction.recipients.isEmpty { return .reply(.noRecipients) }
      self.transaction?.hasContent = true
      return .receiveChunk(bytes: bytes, isLast: isLast)
    case .reset:
      transaction = nil
      return .reply(.ok)
    case .noop:
      return .reply(.ok)
    case .quit:
      return .close(.goodbye)
    case .help:
      return .reply(.help)
    case .verify:
      return .reply(.notVerified)
    case .expand:
      return error(.notOffered)
    case .flush(let domain, let withSubdomains):
      guard offers(.queueing) else { return error(.notOffered) }
      return .flush(domain, withSubdomains: withSubdomains)
    case .startTLS:
      return offers(.startTLS) ? .startTLS(.readyForTLS) : error(.notOffered)
    case .authenticate(let mechanism, let initialResponse):
      return startAuthentication(mechanism, initialResponse)
    }
  }

  private mutating func greet(_ name: String, isExtended: Bool) -> ServerAction {
    clientName = name
    self.isExtended = isExtended
    transaction = nil
    // Authentication is an extension, and HELO says that the client knows of none. EHLO leaves it as
    // it is: it resets what RSET does (RFC 5321 §4.1.4).
    if !isExtended, !settings.leniency.contains(.keptLogin) { user = nil }
    return .reply(isExtended ? capabilities : Reply(.ok, settings.hostname.text))
  }

  private mutating func open(
    _ sender: ReversePath, _ parameters: MailParameters
  ) -> ServerAction {
    if parameters.isInternational, !offers(.international) {
      return error(.unknownParameter("SMTPUTF8"))
    }
    if parameters.requiresTLS, !offers(.requireTLS) {
      return error(.unknownParameter("REQUIRETLS"))
    }
    if parameters.report != ReportRequest(), !offers(.notifications) {
      return error(.unknownParameter("RET or ENVID"))
    }
    return .checkSender(Transaction(sender: sender, parameters: parameters))
  }

  private mutating func add(
    _ path: ForwardPath, _ notification: NotificationRequest
  ) -> ServerAction {
    guard let transaction else { return error(.outOfSequence("MAIL first")) }
    if transaction.hasContent { return error(.contentHasBegun) }
    if notification != NotificationRequest(), !offers(.notifications) {
      return error(.unknownParameter("NOTIFY or ORCPT"))
    }
    // RFC 6531 §3.5: the path is one only where MAIL has said SMTPUTF8.
    if path.mailbox?.isASCII == false, !transaction.parameters.isInternational {
      return refused(.addressBeyondASCII)
    }
    if transaction.recipients.contains(path) { return .reply(.recipientAccepted) }
    return .checkRecipient(path, notification)
  }

  // MARK: What the driver reports

  /// Opens the transaction whose sender has been checked.
  package mutating func senderAccepted(_ transaction: Transaction) -> ServerAction {
    self.transaction = transaction
    return .reply(.senderAccepted)
  }

  /// Adds the recipient that has been checked to the transaction.
  package mutating func recipientAccepted(_ path: ForwardPath) -> ServerAction {
    transaction?.recipients.append(path)
    return .reply(.recipientAccepted)
  }

  /// Refuses the sender or the recipient; a stranger that is refused again and again is sent away.
  ///
  /// A known client sends to a list with dead addresses in it, and the message is for all the others.
  package mutating func refused(_ reply: Reply) -> ServerAction {
    if reply.code.category == .permanentFailure, !isKnown { refusedAddresses += 1 }
    return refusedAddresses < Limits.refusedAddresses ? .reply(reply) : .close(.tooManyErrors)
  }

  /// Goes on after a chunk that is not the last.
  package mutating func chunkReceived(bytes: Int) -> ServerAction {
    .reply(.received(bytes: bytes))
  }

  /// Ends the transaction with the reply to its content; a message that was taken in makes good for the
  /// errors before it.
  package mutating func dataEnded(_ reply: Reply) -> ServerAction {
    transaction = nil
    if reply.code == .ok {
      commandErrors = 0
      refusedAddresses = 0
    }
    return reply.code == .unavailable ? .close(reply) : .reply(reply)
  }

  /// Starts anew under TLS: nothing the client said in clear counts (RFC 3207 §4.2).
  package mutating func tlsEstablished() {
    isTLSActive = true
    clientName = nil
    isExtended = false
    user = nil
    transaction = nil
    exchange = nil
  }

  /// Goes on with what has been looked up for the client's SCRAM.
  package mutating func lookedUp(_ parameters: SCRAMParameters) -> ServerAction {
    goOn { $0.lookedUp(parameters) }
  }

  /// Goes on with the proof that is right: the client is to look at the signature, then it is this user.
  package mutating func proofAccepted(user: String, serverSignature: [UInt8]) -> ServerAction {
    goOn { $0.accepted(user: user, serverSignature: serverSignature) }
  }

  /// Makes the client this user.
  package mutating func authenticationSucceeded(user: String) -> ServerAction {
    self.user = user
    return .reply(.authenticated)
  }

  /// Refuses the password or the proof; the third wrong one ends the session.
  package mutating func authenticationFailed() -> ServerAction {
    exchange = nil
    authenticationFailures += 1
    return authenticationFailures < Limits.authenticationFailures
      ? .reply(.authenticationFailed) : .close(.tooManyErrors)
  }

  /// Says that no password can be checked now, which must not look like a wrong one.
  package mutating func authenticationUnavailable() -> ServerAction {
    exchange = nil
    return .reply(.authenticationUnavailable)
  }

  /// Lets the client break one rule more, and forgets the errors that it has made.
  mutating func forgive(_ leniency: Leniency) {
    settings.leniency.formUnion(leniency)
    commandErrors = 0
    refusedAddresses = 0
  }

  // MARK: Rules

  /// Whether the client may do more than write to local mailboxes.
  private var isKnown: Bool { settings.isKnown || user != nil }

  /// The rule of `verb` that the session's state breaks, nil if there is none.
  private func breach(of verb: Verb) -> Reply? {
    if verb.needsGreeting, clientName == nil { return .outOfSequence("EHLO or HELO first") }
    if verb.needsAuthentication, settings.requiresAuthentication, user == nil {
      return mayAuthenticate || isTLSActive ? .authenticationRequired : .tlsRequired
    }
    if verb.isBarredInTransaction, transaction != nil {
      return .outOfSequence("\(verb.keyword) has no place within a transaction")
    }
    return nil
  }

  /// Counts an error of the client, and sends it away when it makes too many.
  private mutating func error(_ reply: Reply) -> ServerAction {
    commandErrors += 1
    return commandErrors < Limits.commandErrors ? .reply(reply) : .close(.tooManyErrors)
  }

  /// Whether the extension is there in the session's present state.
  private func offers(_ wanted: Extensions) -> Bool {
    guard settings.extensions.contains(wanted) else { return false }
    switch wanted {
    case .startTLS: return !isTLSActive
    case .requireTLS: return isTLSActive
    case .authentication: return mayAuthenticate
    // A stranger could have us send reports to whom it likes, at the price of naming a sender.
    case .notifications: return isKnown || settings.requiresAuthentication
    default: return true
    }
  }

  /// The reply to EHLO, which does not repeat what the client said.
  private var capabilities: Reply {
    var lines = [settings.hostname.text]
    for (keyword, member) in Extensions.keywords where offers(member) {
      switch member {
      case .size: lines.append("\(keyword) \(settings.messageBytes)")
      case .limits: lines.append("\(keyword) RCPTMAX=\(settings.recipients)")
      case .authentication:
        let mechanisms = Mechanism.offered(isTLSActive: isTLSActive)
        lines.append(keyword + " " + mechanisms.map(\.name).joined(separator: " "))
      default: lines.append(keyword)
      }
    }
    return Reply(.ok, lines: lines)
  }

  // MARK: Authentication

  private var mayAuthenticate: Bool {
    isTLSActive || settings.leniency.contains(.loginWithoutTLS)
  }

  private mutating func startAuthentication(
    _ name: ArraySlice<UInt8>, _ initialResponse: ArraySlice<UInt8>?
  ) -> ServerAction {
    guard settings.extensions.contains(.authentication) else { return error(.notOffered) }
    guard mayAuthenticate else {
      return error(.encryptionRequired)
    }
    let keepsLogin = settings.leniency.contains(.keptLogin)
    guard isExtended || keepsLogin else { return error(.outOfSequence("EHLO first")) }
    guard user == nil || keepsLogin else { return error(.outOfSequence("Authenticated already")) }
    guard let mechanism = Mechanism(name: name), mechanism.isOffered(isTLSActive: isTLSActive)
    else {
      return error(.unknownMechanism)
    }
    var exchange = ServerExchange(mechanism, isBindingOffered: isTLSActive)
    return perform(exchange.start(encodedInitialResponse: initialResponse), of: exchange)
  }

  private mutating func continueAuthentication(_ line: ArraySlice<UInt8>) -> ServerAction {
    if line.elementsEqual("*".utf8) {
      exchange = nil
      return error(.authenticationCancelled)
    }
    return goOn { $0.respond(encoded: line) }
  }

  private mutating func goOn(
    _ advance: (inout ServerExchange) -> ServerExchange.Step
  ) -> ServerAction {
    guard var exchange else { preconditionFailure("no authentication exchange is open") }
    self.exchange = nil
    let step = advance(&exchange)
    return perform(step, of: exchange)
  }

  private mutating func perform(
    _ step: ServerExchange.Step, of exchange: ServerExchange
  ) -> ServerAction {
    switch step {
    case .challenge(let challenge):
      self.exchange = exchange
      let encoded = String(decoding: Base64.encode(challenge), as: UTF8.self)
      return .reply(Reply(.continueAuthentication, encoded))
    case .verify(let user, let password):
      return .verify(user: user, password: password)
    case .lookUp(let user, let binding):
      self.exchange = exchange
      return .lookUp(user: user, binding: binding)
    case .check(let proof):
      self.exchange = exchange
      return .checkProof(proof)
    case .authenticated(let user):
      return .logIn(user: user)
    case .invalid(.channelBinding):
      return error(.channelBindingFailed)
    case .invalid:
      return error(.authenticationMalformed)
    }
  }
}
