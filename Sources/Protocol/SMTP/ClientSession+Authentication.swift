import Mail
package import SASL

/// Logging in (RFC 4954).
///
/// A mechanism that the server refuses before it has seen anything of the password says nothing about
/// the password: many offer SCRAM with no user who has it. The next mechanism is tried then. One that is
/// refused after that means a wrong password, and no weaker one follows: it would count as a second
/// wrong login, and an impostor would only have to refuse the proof to be sent the password. The
/// exception is a server that does not know PLAIN or LOGIN after all, and has seen the password by then.
extension ClientSession {
  mutating func authenticateOrGoOn() -> ClientAction {
    if settings.needsRequireTLS, !capabilities.hasRequireTLS {
      return leave(Self.noRequireTLS)
    }
    guard settings.credentials != nil else {
      stage = .ready
      return .ready
    }
    guard isTLSActive || settings.allowsPasswordInClear else {
      return leave(
        Diagnosis(EnhancedStatus(4, 7, 4), "No password is sent without TLS, and there is none"))
    }
    return beginAuthentication(refused: [])
  }

  /// Begins with the best mechanism that is left; for `reason` there may be none.
  private mutating func beginAuthentication(
    refused: [Mechanism], because reason: Diagnosis? = nil
  ) -> ClientAction {
    let candidates = candidates(refused)
    guard let first = candidates.first else {
      // To go on would have the mail refused for good by a server that wants authentication.
      let text = "The host offers no mechanism of AUTH that may be used"
      return leave(reason ?? Diagnosis(EnhancedStatus(4, 7, 0), text))
    }
    if first == .scramSHA256Plus || first == .scramSHA256 {
      stage = .preparing(refused: refused)
      return .prepareAuthentication
    }
    return start(exchange(first), refused)
  }

  /// The mechanisms of both sides that are left, best first.
  private func candidates(_ refused: [Mechanism]) -> [Mechanism] {
    ClientExchange.mechanisms(isTLSActive: isTLSActive).filter {
      capabilities.mechanisms.contains($0) && settings.mechanisms.contains($0)
        && !refused.contains($0)
    }
  }

  /// The reply without its text where that may hold the password, for the text goes into the log and
  /// into reports: there are servers that quote the command which they do not like.
  func withoutPassword(_ reply: Reply) -> Reply {
    guard let credentials = settings.credentials else { return reply }
    switch stage {
    case .awaiting(.hello): return reply
    case .authenticating where reply.code.category == .intermediate: return reply
    default: break
    }
    let password = credentials.password
    let encoded = [Base64.encode(password), Base64.encode([0] + Array(credentials.user.utf8))]
    // A quotation may be cut short, and in capitals.
    let needles = ([password[...]] + encoded.map { $0[...] }).map { needle in
      needle.prefix(Self.tellingBytes).map(\.lowercased)
    }
    let text = reply.text.utf8.map(\.lowercased)
    let isQuoted = needles.contains { needle in
      !needle.isEmpty && text.indices.contains { text[$0...].starts(with: needle) }
    }
    guard isQuoted else { return reply }
    return Reply(reply.code, reply.status, lines: ["(a text that quotes the login)"])
  }

  /// So many octets of a secret are taken for the secret.
  private static let tellingBytes = 6

  private var credentials: ClientSettings.Credentials {
    guard let credentials = settings.credentials else { preconditionFailure("no login is wanted") }
    return credentials
  }

  private func exchange(_ mechanism: Mechanism) -> ClientExchange {
    ClientExchange(mechanism, user: credentials.user, password: credentials.password)
  }

  /// Begins the exchange that `prepareAuthentication` was for.
  ///
  /// - Parameters:
  ///   - random: octets that nobody can foresee, at least `SASL.Limits.clientNonceBytes`.
  ///   - binding: what names the connection to both of its ends; nil where there is nothing.
  package mutating func authenticate(
    random: [UInt8], binding: ChannelBindingData?
  ) -> ClientAction {
    guard case .preparing(let refused) = stage else { preconditionFailure("nothing was asked") }
    let candidates = candidates(refused).filter { binding != nil || !$0.bindsChannel }
    guard let first = candidates.first else {
      return beginAuthentication(refused: refused + [.scramSHA256Plus])
    }
    guard first == .scramSHA256Plus || first == .scramSHA256 else {
      return start(exchange(first), refused)
    }
    return start(
      ClientExchange(
        scram: credentials.user, password: credentials.password, random: random, binding: binding,
        bindsChannel: first.bindsChannel,
        isBindingOffered: capabilities.mechanisms.contains(.scramSHA256Plus)), refused)
  }

  private mutating func start(
    _ exchange: ClientExchange, _ refused: [Mechanism]
  ) -> ClientAction {
    var exchange = exchange
    var line = "AUTH " + exchange.mechanism.name
    var attempt = exchange
    if let response = attempt.initialResponse() {
      let longer = line + " " + String(decoding: Base64.encode(response), as: UTF8.self)
      // A response that does not fit the line waits for the challenge (RFC 4954 §4).
      if longer.utf8.count + 2 <= Limits.replyLineBytes {
        line = longer
        exchange = attempt
      }
    }
    stage = .authenticating(exchange, refused: refused)
    return .send(Array((line + "\r\n").utf8))
  }

  mutating func continueAuthentication(
    _ exchange: ClientExchange, _ refused: [Mechanism], _ reply: Reply
  ) -> ClientAction {
    switch reply.code.category {
    case .success where exchange.isServerProved:
      stage = .ready
      return .ready
    case .success:
      // An impostor would say so whatever was sent to it, and be given the mail.
      return leave(Self.untrusted("it has not proved that it knows the password"))
    case .intermediate:
      var exchange = exchange
      let challenge = Base64.decode(
        Array(reply.lines[0].utf8)[...], limit: Limits.receivedReplyLineBytes)
      // PLAIN and LOGIN, which do not look at a challenge, need not be able to read it.
      let readsChallenge = exchange.mechanism != .plain && exchange.mechanism != .login
      guard let challenge = challenge ?? (readsChallenge ? nil : []) else {
        return cancel("its challenge is not base 64")
      }
      return perform(exchange.respond(to: challenge), of: exchange, refused)
    case .permanentFailure where !exchange.isPasswordShown || isUnknown(exchange, reply):
      return beginAuthentication(
        refused: refused + [exchange.mechanism], because: Diagnosis(reply))
    case .temporaryFailure, .permanentFailure:
      return leave(Diagnosis(reply))
    }
  }

  /// Whether the server has refused the mechanism, or its initial response, and not the login.
  private func isUnknown(_ exchange: ClientExchange, _ reply: Reply) -> Bool {
    guard exchange.mechanism == .plain || exchange.mechanism == .login else { return false }
    switch reply.code {
    case .syntaxError, .argumentError, .notImplemented, .parameterNotImplemented: return true
    default: return false
    }
  }

  /// Takes what was worked out at `compute`; the signature is SCRAM's.
  package mutating func computed(
    _ octets: [UInt8], serverSignature: [UInt8] = []
  ) -> ClientAction {
    guard case .authenticating(var exchange, let refused) = stage else {
      preconditionFailure("nothing was to be worked out")
    }
    return perform(
      exchange.computed(octets, serverSignature: serverSignature), of: exchange, refused)
  }

  private mutating func perform(
    _ step: ClientExchange.Step, of exchange: ClientExchange, _ refused: [Mechanism]
  ) -> ClientAction {
    stage = .authenticating(exchange, refused: refused)
    switch step {
    case .respond(let message):
      return .send(Base64.encode(message) + [.carriageReturn, .lineFeed])
    case .compute(let computation): return .compute(computation)
    case .refuse(let reason): return cancel(reason)
    }
  }

  /// Cancels the exchange, and gives the session up when the server has been told (RFC 4954 §4).
  private mutating func cancel(_ reason: String) -> ClientAction {
    stage = .cancelling(Self.untrusted(reason))
    return .send(Array("*\r\n".utf8))
  }

  private static func untrusted(_ reason: String) -> Diagnosis {
    Diagnosis(EnhancedStatus(4, 7, 0), "The host cannot be logged in to: " + reason)
  }
}
