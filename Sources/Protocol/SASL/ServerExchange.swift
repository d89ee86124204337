/// The server's side of one authentication exchange, in decoded messages.
///
/// The exchange ends with the first step that is not a challenge; whoever drives it drops it
/// then. Checking the password is the driver's work, and a cancelling `*` is the protocol's.
///
/// **Limits.** User name and password are each bounded by ``Limits``.
package struct ServerExchange: Sendable {
  /// What the server does next.
  package enum Step: Equatable, Sendable {
    /// Send this challenge, and hand the answer to `respond`.
    case challenge([UInt8])
    /// Check this password of this user.
    case verify(user: String, password: [UInt8])
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
  }

  private enum State {
    case plain
    case loginUserName
    case loginPassword(user: String)
  }

  /// The mechanism the client chose.
  package let mechanism: Mechanism
  private var state: State

  /// An exchange that has not begun.
  package init(_ mechanism: Mechanism) {
    self.mechanism = mechanism
    switch mechanism {
    case .plain: state = .plain
    case .login: state = .loginUserName
    }
  }

  /// Begins, with the initial response when the client sent one beside the mechanism's name.
  ///
  /// LOGIN takes the user name there, which no text foresees and some clients send.
  package mutating func start(initialResponse: [UInt8]?) -> Step {
    if let initialResponse { return respond(initialResponse) }
    switch mechanism {
    case .plain: return .challenge([])
    case .login: return .challenge(Array("Username:".utf8))
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
    }
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

  private static func userName(_ octets: ArraySlice<UInt8>) -> String? {
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
