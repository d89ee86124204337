/// The client's side of one authentication exchange, in decoded messages.
///
/// Both its mechanisms send the password in clear, so the protocol starts one only inside TLS, or
/// where the administrator allowed it.
package struct ClientExchange: Sendable {
  /// The mechanisms of the client's side, the most preferred first.
  package static let mechanisms: [Mechanism] = [.plain, .login]

  /// The mechanism the exchange speaks.
  package let mechanism: Mechanism
  /// What is still to say, the next message last.
  private var messages: [[UInt8]]

  /// An exchange for this user that has not begun, in one of ``mechanisms``.
  package init(_ mechanism: Mechanism, user: String, password: [UInt8]) {
    self.mechanism = mechanism
    switch mechanism {
    case .plain: messages = [[0] + Array(user.utf8) + [0] + password]
    case .login: messages = [password, Array(user.utf8)]
    case .scramSHA256Plus, .scramSHA256:
      preconditionFailure("the client's side does not speak \(mechanism.name)")
    }
  }

  /// The response to send beside the mechanism's name; nil when the server speaks first.
  package mutating func initialResponse() -> [UInt8]? {
    switch mechanism {
    case .plain: messages.popLast()
    // Some servers take LOGIN's initial response for an error, and all of them prompt.
    case .login, .scramSHA256Plus, .scramSHA256: nil
    }
  }

  /// The answer to a challenge; nil when nothing is left to say and the exchange must end.
  ///
  /// The challenge is not looked at: LOGIN's prompts have no fixed text, only a fixed order.
  package mutating func respond() -> [UInt8]? {
    messages.popLast()
  }
}
