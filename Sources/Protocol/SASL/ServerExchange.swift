/// The server's side of one authentication exchange, in decoded messages.
///
/// The exchange ends with `verify`, `authenticated` or `invalid`; whoever drives it drops it then.
/// Checking a password or a proof is the driver's work, and a cancelling `*` is the protocol's.
///
/// **Limits.** User name and password are each bounded by ``Limits``.
package struct ServerExchange: Sendable {
  /// What the server does next.
  package enum Step: Equatable, Sendable {
    /// Send this challenge, and hand the answer to `respond`.
    case challenge([UInt8])
    /// Check this password of this user.
    case verify(user: String, password: [UInt8])
    /// Hand `lookedUp` what SCRAM has for this user, and the channel binding data of the kind with this
    /// registered name if there is one. No name is refused here, whoever it may be.
    case lookUp(user: String, binding: String?)
    /// Check this proof, and go on with `accepted` if it is right.
    case check(SCRAMProof)
    /// The client has proved to be this user.
    case authenticated(user: String)
    /// Refuse the exchange as malformed, with no password checked.
    case invalid(Invalidity)
  }

  /// Why a client's message was no authentication at all.
  package enum Invalidity: Equatable, Sendable {
    /// The line is not base 64, or far too long.
    case encoding
    /// The decoded message does not have the form of the mechanism.
    case message
    /// The client wants to act as somebody else, which no user here may.
    case authorizationIdentity
    /// The client binds to another connection, to none where it must, or to what we have not got: there
    /// may be somebody in between.
    case channelBinding
  }

  /// Boxed, so that a session that has no exchange under way has no room for one.
  private indirect enum State {
    case plain
    case loginUserName
    case loginPassword(user: String)
    case scram(SCRAMExchange)
  }

  /// The mechanism the client chose.
  package let mechanism: Mechanism
  private var state: State

  /// An exchange that has not begun.
  ///
  /// `isBindingOffered` says whether the client was offered a mechanism that binds to the channel.
  package init(_ mechanism: Mechanism, isBindingOffered: Bool) {
    self.mechanism = mechanism
    switch mechanism {
    case .scramSHA256Plus, .scramSHA256:
      state = .scram(
        SCRAMExchange(
          bindsChannel: mechanism.bindsChannel, isBindingOffered: isBindingOffered))
    case .plain: state = .plain
    case .login: state = .loginUserName
    case .cramMD5: preconditionFailure("the server's side does not speak CRAM-MD5")
    }
  }

  /// Begins, with the initial response when the client sent one beside the mechanism's name.
  ///
  /// LOGIN takes the user name there, which no text foresees and some clients send.
  package mutating func start(initialResponse: [UInt8]?) -> Step {
    if let initialResponse { return respond(initialResponse) }
    switch mechanism {
    case .scramSHA256Plus, .scramSHA256, .plain: return .challenge([])
    case .login, .cramMD5: return .challenge(Array("Username:".utf8))
    }
  }

  /// Takes the client's answer to the last challenge.
  package mutating func respond(_ response: [UInt8]) -> Step {
    switch state {
    case .plain:
      return Self.plainStep(response)
    case .loginUserName:
      guard let user = Self.userName(response[...]) else { return .invalid(.message) }
      state = .loginPassword(user: user)
      return .challenge(Array("Password:".utf8))
    case .loginPassword(let user):
      guard Self.isPassword(response[...]) else { return .invalid(.message) }
      return .verify(user: user, password: response)
    case .scram(var scram):
      defer { state = .scram(scram) }
      return scram.respond(response)
    }
  }

  /// Takes what the driver has looked up at `lookUp`.
  package mutating func lookedUp(_ parameters: SCRAMParameters) -> Step {
    guard case .scram(var scram) = state else { preconditionFailure("only SCRAM looks up") }
    defer { state = .scram(scram) }
    return scram.lookedUp(parameters)
  }

  /// Takes the name of the user whose proof of `check` is right, and the signature that proves to the
  /// client that the server knows the password's hash.
  package mutating func accepted(user: String, serverSignature: [UInt8]) -> Step {
    guard case .scram(var scram) = state else { preconditionFailure("only SCRAM has a proof") }
    defer { state = .scram(scram) }
    return scram.accepted(user: user, serverSignature: serverSignature)
  }

  /// `[authzid] NUL authcid NUL passwd` (RFC 4616 §2).
  private static func plainStep(_ message: [UInt8]) -> Step {
    let parts = message.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3, let user = userName(parts[1]), isPassword(parts[2]) else {
      return .invalid(.message)
    }
    guard parts[0].isEmpty || parts[0].elementsEqual(parts[1]) else {
      return .invalid(.authorizationIdentity)
    }
    return .verify(user: user, password: Array(parts[2]))
  }

  /// The name that some octets are; nil if they are none.
  static func userName(_ octets: ArraySlice<UInt8>) -> String? {
    // A control character has no place in a name, and would only reach a log or a file.
    guard !octets.isEmpty, octets.count <= Limits.userNameBytes,
      octets.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return nil }
    return String(validating: octets, as: UTF8.self)
  }

  private static func isPassword(_ octets: ArraySlice<UInt8>) -> Bool {
    !octets.isEmpty && octets.count <= Limits.passwordBytes && !octets.contains(0)
  }
}
