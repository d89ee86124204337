import Mail
import TestSupport

@testable import SASL
@testable import SMTP

/// A driver without sockets: performs the actions of one session by the test bed's rules.
struct TestBed {
  private(set) var session: ServerSession
  private(set) var output: [UInt8] = []
  private(set) var isClosed = false
  /// The messages taken in, with their envelopes.
  private(set) var messages: [(envelope: Transaction, content: [UInt8])] = []
  private var decoder: ContentDecoder?
  private var content: [UInt8] = []
  /// The octets that are still to come of a chunk, and what to do then.
  private var chunk: (rest: Int, end: ServerAction)?
  private let isTrusted: Bool

  init(
    listener: String = "smtp", quirks: [String] = [], hidden: [String] = [],
    isTrusted: Bool = false
  ) {
    self.isTrusted = isTrusted
    var settings = Self.settings(listener: listener)
    if quirks.contains("odd-greeting") { settings.leniency.insert(.oddGreeting) }
    if quirks.contains("loose-paths") { settings.leniency.insert(.loosePaths) }
    if quirks.contains("keep-login") { settings.leniency.insert(.keptLogin) }
    if quirks.contains("login-without-tls") { settings.leniency.insert(.loginWithoutTLS) }
    if !isTrusted { settings.extensions.remove(.queueing) }
    settings.isKnown = isTrusted
    settings.extensions.subtract(Extensions(keywords: hidden))
    session = ServerSession(settings: settings, isTLSActive: listener == "submissions")
    session.greeting.write(to: &output)
  }

  static func settings(listener: String) -> ServerSettings {
    guard let hostname = Domain("gw.home.example"), let domain = Domain("home.example") else {
      preconditionFailure()
    }
    return ServerSettings(
      hostname: hostname, localDomain: domain, messageBytes: 50 << 20, recipients: 100,
      extensions: .all,
      leniency: listener == "submission-plain" ? .loginWithoutTLS : [],
      requiresAuthentication: listener != "smtp")
  }

  /// Takes one line of input without its CRLF, be it a command or content.
  mutating func receive(_ line: [UInt8], isFollowed: Bool = false) {
    if let chunk {
      receiveChunk(line + [0x0D, 0x0A], chunk.rest, then: chunk.end)
    } else if decoder != nil, session.transaction?.hasContent == false {
      receiveContent(line + [0x0D, 0x0A])
    } else if line.count > SMTP.Limits.commandLineBytes {
      perform(session.receiveOverlongLine())
    } else {
      perform(session.receive(line[...], isFollowed: isFollowed))
    }
  }

  mutating func receive(_ line: String) { receive(Array(line.utf8)) }

  /// The next line of the server, without its line end.
  mutating func takeLine() -> String? {
    guard let end = output.firstIndex(of: 0x0A) else { return nil }
    let line = String(decoding: output[..<end], as: UTF8.self)
    output.removeSubrange(...end)
    return line.hasSuffix("\r") ? String(line.dropLast()) : "bare LF after \(line)"
  }

  /// Sends `line` and returns the reply to it, line by line.
  mutating func exchange(_ line: String) -> [String] {
    output = []
    receive(line)
    var lines: [String] = []
    while let line = takeLine() { lines.append(line) }
    return lines
  }

  private mutating func receiveContent(_ bytes: [UInt8]) {
    guard let end = decoder?.decode(bytes.span, into: &content) else { return }
    precondition(end == bytes.count, "the content ends with a line")
    if let violation = decoder?.violation {
      perform(session.dataEnded(.refusal(of: violation)))
    } else {
      if let envelope = session.transaction { messages.append((envelope, content)) }
      perform(session.dataEnded(.queued(as: "1")))
    }
    decoder = nil
    content = []
  }

  /// Takes a part of a chunk; the dialogues end one where a line ends.
  private mutating func receiveChunk(_ bytes: [UInt8], _ rest: Int, then end: ServerAction) {
    precondition(bytes.count <= rest, "a chunk ends with a line")
    if case .receiveChunk = end { _ = decoder?.decode(bytes.span, into: &content) }
    chunk = (rest - bytes.count, end)
    if bytes.count == rest { endChunk(end) }
  }

  private mutating func endChunk(_ end: ServerAction) {
    chunk = nil
    guard case .receiveChunk(let bytes, let isLast) = end else { return perform(end) }
    if isLast { decoder?.finishChunks(into: &content) }
    if let violation = decoder?.violation {
      perform(session.dataEnded(.refusal(of: violation)))
    } else if isLast {
      if let envelope = session.transaction { messages.append((envelope, content)) }
      perform(session.dataEnded(.queued(as: "1")))
    } else {
      return perform(session.chunkReceived(bytes: bytes))
    }
    decoder = nil
    content = []
  }

  private mutating func perform(_ action: ServerAction) {
    switch action {
    case .receiveChunk(let bytes, _):
      if decoder == nil { decoder = ContentDecoder(framing: .chunks) }
      chunk = (bytes, action)
      if bytes == 0 { endChunk(action) }
    case .skipChunk(let bytes, let then):
      chunk = (bytes, then)
      if bytes == 0 { endChunk(then) }
    case .flush(let domain, _):
      perform(.reply(.flushing(domain, messages: domain.text == "busy.example" ? 2 : 0)))
    case .reply(let reply):
      reply.write(to: &output)
    case .close(let reply):
      reply.write(to: &output)
      isClosed = true
    case .startTLS(let reply):
      reply.write(to: &output)
      session.tlsEstablished()
    case .verify(let user, let password):
      let isRight = ["alice", "bob"].contains(user) && password == Array("secret".utf8)
      perform(
        isRight ? session.authenticationSucceeded(user: user) : session.authenticationFailed())
    case .lookUp(_, let binding):
      perform(
        session.lookedUp(
          SCRAMParameters(
            salt: Self.salt, iterations: 4096, random: [UInt8](repeating: 7, count: 18),
            binding: binding == "tls-exporter" ? Self.binding : nil)))
    case .checkProof(let proof):
      let user = proof.user.asciiLowercased
      let isRight =
        ["alice", "bob"].contains(user)
        && Self.secret.clientProof(of: proof.authMessage) == proof.clientProof
      perform(
        isRight
          ? session.proofAccepted(
            user: user, serverSignature: Self.secret.serverSignature(of: proof.authMessage))
          : session.authenticationFailed())
    case .logIn(let user):
      perform(session.authenticationSucceeded(user: user))
    case .checkSender(let transaction):
      let limit = session.settings.messageBytes
      perform(
        transaction.parameters.sizeBytes ?? 0 > limit
          ? session.refused(.tooLarge(limitBytes: limit)) : session.senderAccepted(transaction))
    case .checkRecipient(let path, _):
      let isFull = session.transaction?.recipients.count == session.settings.recipients
      let refusal = isFull ? Reply.tooManyRecipients : refusal(of: path)
      perform(refusal.map { session.refused($0) } ?? session.recipientAccepted(path))
    case .receiveData(let reply):
      reply.write(to: &output)
      decoder = ContentDecoder()
    }
  }

  /// What SCRAM knows of every user.
  private static let salt: [UInt8] = [1, 2, 3]
  private static let secret = SCRAMSecret(
    password: Array("secret".utf8), salt: salt, iterations: 4096)
  /// The channel binding data of every connection.
  static let binding = [UInt8](repeating: 0x42, count: 32)

  private func refusal(of path: ForwardPath) -> Reply? {
    guard let mailbox = path.mailbox else { return nil }
    guard mailbox.domain.text == "home.example" else {
      return session.user == nil && !isTrusted ? .relayingDenied : nil
    }
    let local = mailbox.localPart.asciiLowercased
    return ["alice", "bob", "postmaster"].contains(local) ? nil : .noSuchUser
  }
}
