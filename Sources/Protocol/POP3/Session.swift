internal import Mail
package import SASL

/// The server's side of a POP3 session (RFC 1939), as a value: lines go in, actions come out.
///
/// Offers TOP, UIDL, USER, STLS, SASL, RESP-CODES, AUTH-RESP-CODE, PIPELINING, EXPIRE, UTF8, LANG and,
/// where it is set, LOGIN-DELAY. Nothing is removed but by QUIT: a session that ends in any other way leaves the maildrop as
/// it was (RFC 1939 §6).
///
/// **Limits.** A number of bad commands or of wrong passwords ends the session, see ``Limits``.
package struct Session: Sendable {
  enum State {
    /// Nobody has logged in; a name may have been given with USER.
    case authorization(user: String?)
    /// AUTH has begun and the next line is no command.
    case authenticating(ServerExchange)
    case transaction(Maildrop)
    /// The connection is closed when the last reply has been sent.
    case ended
  }

  let settings: SessionSettings
  var isSecure: Bool
  var state = State.authorization(user: nil)
  /// What is left of the listing that the client has asked for.
  private var listing: ListingReply?
  private var badCommands = 0
  var failedLogins = 0

  /// A session on a connection that may have begun with TLS.
  package init(_ settings: SessionSettings, isSecure: Bool) {
    self.settings = settings
    self.isSecure = isSecure
  }

  /// The first line of the server; a timestamp in it offers APOP (RFC 1939 §7).
  package var greeting: Reply {
    let timestamp = settings.timestamp.map { " \($0)" } ?? ""
    return .ok("\(settings.hostName) POP3 server ready\(timestamp)")
  }

  /// Whether no more commands are read, and the connection is closed after the last reply.
  package var isEnded: Bool { if case .ended = state { true } else { false } }

  /// How long a user has to wait between two logins, as CAPA has told; nil for no time.
  package var loginDelay: Duration? { settings.loginDelay }

  /// The days after which messages that were read are removed, as this client has been told (RFC 2449 §6.7).
  package var expiryDays: Int? { settings.expiryDays }

  /// Octets the next line may have, with its CRLF.
  package var lineLimit: Int {
    if case .authenticating = state { Limits.responseLineBytes } else { Limits.commandLineBytes }
  }

  /// Takes a line, without its line end.
  package mutating func receive(_ line: ArraySlice<UInt8>) -> Action {
    if case .authenticating = state {
      if !line.elementsEqual("*".utf8) { return goOn { $0.respond(encoded: line) } }
      state = .authorization(user: nil)
      return refuse("Authentication cancelled")
    }
    if ForeignProtocol.begins(with: line.prefix { $0 != UInt8(ascii: " ") }) {
      state = .ended
      return .reply(.error("This is a mail server"))
    }
    switch Command.parse(line) {
    case .success(let command): return handle(command)
    case .failure(let flaw): return refuse(flaw.text)
    }
  }

  /// Answers a line that was over the limit, and was skipped.
  package mutating func receiveOverlongLine() -> Action {
    if case .authenticating = state { state = .authorization(user: nil) }
    return refuse("Line too long")
  }

  private mutating func handle(_ command: Command) -> Action {
    switch (command, state) {
    case (.quit, .transaction(let maildrop)):
      state = .ended
      return .update(removing: maildrop.deleted)
    case (.quit, _):
      state = .ended
      return .reply(.ok("Goodbye"))
    case (.capabilities, _):
      return .reply(.lines("Capabilities follow", capabilities))

    case (.listLanguages, _):
      return .reply(.lines("Languages follow", ["en English"]))
    case (.language(let tag), _):
      // RFC 6856 §3.1: `*` and `i-default` stand for what the server speaks of its own accord.
      let isSpoken = ["en", "i-default", "*"].contains {
        String(decoding: tag, as: UTF8.self).asciiLowercased == $0
      }
      return .reply(isSpoken ? .ok("en English") : .error("Only en is spoken here"))
    case (.useUTF8, .authorization):
      // Limitation: a client that does not say it gets the same, headers of UTF-8 included. RFC 6856 §7
      // would rather hide or rewrite such messages, and the clients of today show them all the same.
      return .reply(.ok("Headers may be of UTF-8"))

    case (.startTLS, .authorization):
      if isSecure { return refuse("TLS is active already") }
      guard settings.offersTLS else { return refuse("TLS is not available") }
      return .startTLS(.ok("Begin TLS"))
    case (.user, .authorization) where !mayLogIn, (.password, .authorization) where !mayLogIn,
      (.auth, .authorization) where !mayLogIn, (.apop, .authorization) where !mayLogIn:
      return refuse("Use STLS before you log in")
    case (.user(let name), .authorization):
      // The answer is the same for every name, so that none can be probed.
      state = .authorization(user: name)
      return .reply(.ok("Send PASS"))
    case (.password(let password), .authorization(let user?)):
      state = .authorization(user: nil)
      return .verify(user: user, password: password, mechanism: nil)
    case (.password, .authorization):
      return refuse("USER comes first")
    case (.apop(let name, let digest), .authorization):
      guard let timestamp = settings.timestamp else { return refuse("APOP is not offered") }
      state = .authorization(user: nil)
      return .verifyDigest(user: name, timestamp: timestamp, digest: digest)
    case (.listMechanisms, .authorization):
      return .reply(.lines("Mechanisms follow", mayLogIn ? mechanisms : []))
    case (.auth(let name, let initialResponse), .authorization):
      guard let mechanism = Mechanism(name: name), mechanism.isOffered(isTLSActive: isSecure) else {
        return refuse("Mechanism not offered")
      }
      var exchange = ServerExchange(mechanism, isBindingOffered: isSecure)
      return take(exchange.start(encodedInitialResponse: initialResponse), of: exchange)

    case (.status, .transaction(let maildrop)):
      return .reply(.ok("\(maildrop.count) \(maildrop.bytes)"))
    case (.list(nil), .transaction(let maildrop)):
      listing = ListingReply(.sizes, of: maildrop)
      return .list
    case (.uniqueIDs(nil), .transaction(let maildrop)):
      listing = ListingReply(.uniqueIDs, of: maildrop)
      return .list
    case (.list(let number?), .transaction(let maildrop)):
      return maildrop.action(on: number) {
        .reply(.ok("\(number) \(maildrop.listing.bytes(of: $0))"))
      }
    case (.uniqueIDs(let number?), .transaction(let maildrop)):
      return maildrop.action(on: number) {
        let uniqueID = String(decoding: maildrop.listing.uniqueID(of: $0), as: UTF8.self)
        return .reply(.ok("\(number) \(uniqueID)"))
      }
    case (.retrieve(let number), .transaction(let maildrop)):
      return maildrop.action(on: number) { .send(index: $0, bodyLines: nil) }
    case (.top(let number, let lines), .transaction(let maildrop)):
      return maildrop.action(on: number) { .send(index: $0, bodyLines: lines) }
    case (.delete(let number), .transaction(var maildrop)):
      // The maildrop leaves the state meanwhile, so that its set of marks is not copied.
      state = .ended
      defer { state = .transaction(maildrop) }
      switch maildrop.index(of: number) {
      case .failure(let missing): return .reply(missing.reply)
      case .success(let index):
        maildrop.delete(index)
        return .reply(.ok("Message \(number) deleted"))
      }
    case (.reset, .transaction(var maildrop)):
      maildrop.undeleteAll()
      state = .transaction(maildrop)
      return .reply(.ok(maildrop.summary))
    case (.noOperation, .transaction):
      return .reply(.ok("Nothing done"))

    case (_, .transaction):
      return refuse("You are logged in already")
    default:
      return refuse("Log in first")
    }
  }

  /// Appends lines of the listing that `list` announced, until `output` has grown to `limit` octets
  /// or a little more; says whether there are more.
  package mutating func appendListing(to output: inout [UInt8], upTo limit: Int) -> Bool {
    listing?.appendLines(to: &output, upTo: limit)
    if listing?.isAtEnd == false { return true }
    listing = nil
    return false
  }

  /// Lists a message from now on with the octets that it was sent with.
  package mutating func correctSize(of index: Int, to bytes: Int) {
    guard case .transaction(var maildrop) = state else { return }
    // The maildrop leaves the state meanwhile, so that its sizes are not copied.
    state = .ended
    maildrop.correctSize(of: index, to: bytes)
    state = .transaction(maildrop)
  }

  /// Goes on with what has been looked up for the client's SCRAM.
  package mutating func lookedUp(_ parameters: SCRAMParameters) -> Action {
    goOn { $0.lookedUp(parameters) }
  }

  /// Goes on with the proof that is right: the client is to look at the signature, and confirm.
  package mutating func proofAccepted(user: String, serverSignature: [UInt8]) -> Action {
    goOn { $0.accepted(user: user, serverSignature: serverSignature) }
  }

  private mutating func goOn(
    _ advance: (inout ServerExchange) -> ServerExchange.Step
  ) -> Action {
    guard case .authenticating(var exchange) = state else {
      preconditionFailure("no authentication exchange is open")
    }
    state = .authorization(user: nil)
    let step = advance(&exchange)
    return take(step, of: exchange)
  }

  private mutating func take(
    _ step: ServerExchange.Step, of exchange: ServerExchange
  ) -> Action {
    switch step {
    case .challenge(let challenge):
      state = .authenticating(exchange)
      return .reply(.challenge(Base64.encode(challenge)))
    case .verify(let user, let password):
      return .verify(user: user, password: password, mechanism: exchange.mechanism)
    case .lookUp(let user, let binding):
      state = .authenticating(exchange)
      return .lookUp(user: user, binding: binding)
    case .check(let proof):
      state = .authenticating(exchange)
      return .checkProof(proof)
    case .authenticated(let user):
      return .logIn(user: user, mechanism: exchange.mechanism)
    case .invalid(.encoding):
      return refuse("Not base 64")
    case .invalid(.message):
      return refuse("Not a message of \(exchange.mechanism.name)")
    case .invalid(.authorizationIdentity):
      return refuse("You may act as yourself only")
    case .invalid(.channelBinding):
      return refuse("The proof is not for this connection")
    }
  }

  /// Counts a line that is no use, and ends the session when there were too many.
  private mutating func refuse(_ text: String) -> Action {
    badCommands += 1
    if badCommands < Limits.badCommands { return .reply(.error(text)) }
    state = .ended
    return .reply(.error("\(text); too many errors"))
  }

  private var mechanisms: [String] { Mechanism.offered(isTLSActive: isSecure).map(\.name) }

  private var mayLogIn: Bool { isSecure || settings.allowsLoginWithoutTLS }

  /// What CAPA shows (RFC 2449 §6); what needs TLS first is not shown before (RFC 2595 §4).
  private var capabilities: [String] {
    var lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "LANG"]
    // RFC 2449 §6.7. RFC 6856 §2.1: names are of UTF-8.
    lines += ["EXPIRE \(settings.expiryDays.map { "\($0)" } ?? "NEVER")", "UTF8 USER"]
    // RFC 2449 §6.5.
    if let delay = settings.loginDelay { lines.append("LOGIN-DELAY \(delay.components.seconds)") }
    if mayLogIn {
      lines += ["USER", "SASL " + mechanisms.joined(separator: " ")]
    }
    if settings.offersTLS, !isSecure, case .authorization = state { lines.append("STLS") }
    return lines + ["IMPLEMENTATION Gatepost"]
  }
}
