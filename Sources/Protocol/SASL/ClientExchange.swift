/// The client's side of one authentication exchange, in decoded messages.
///
/// PLAIN and LOGIN send the password in clear, and a listener can guess it from CRAM-MD5: the protocol
/// starts an exchange only inside TLS, or where the administrator allowed it.
///
/// **Failures**: a server that does not prove to know the password where the mechanism has it prove it,
/// or says what no server of the mechanism says, is refused; what it said then is not repeated.
package struct ClientExchange: Sendable {
  /// What the client does next.
  package enum Step: Equatable, Sendable {
    /// Send this message.
    case respond([UInt8])
    /// Work this out, and hand the result to `computed`.
    case compute(ClientComputation)
    /// Cancel the exchange, for this reason.
    case refuse(String)
  }

  /// The mechanisms of the client's side, the most preferred first.
  ///
  /// Under TLS it is better to send the password than to make the server keep it in clear, as CRAM-MD5
  /// does. Without TLS it is better not to send it.
  package static func mechanisms(isTLSActive: Bool) -> [Mechanism] {
    isTLSActive
      ? [.scramSHA256Plus, .scramSHA256, .plain, .login, .cramMD5]
      : [.scramSHA256, .cramMD5, .plain, .login]
  }

  /// Boxed, so that a session that has no exchange under way has no room for one.
  private indirect enum State {
    /// What is still to say, the next message last.
    case telling([[UInt8]])
    case digesting(user: String, password: [UInt8])
    case scram(SCRAMClientExchange)
  }

  /// The mechanism the exchange speaks.
  package let mechanism: Mechanism
  private var state: State
  /// What was sent beside the mechanism's name, until the server has shown that it has read it.
  private var initial: [UInt8]?
  /// Whether anything was sent from which the server can tell a wrong password from the right one.
  package private(set) var isPasswordShown = false

  /// An exchange in a mechanism other than SCRAM that has not begun.
  package init(_ mechanism: Mechanism, user: String, password: [UInt8]) {
    self.mechanism = mechanism
    switch mechanism {
    case .plain: state = .telling([[0] + Array(user.utf8) + [0] + password])
    case .login: state = .telling([password, Array(user.utf8)])
    case .cramMD5: state = .digesting(user: user, password: password)
    case .scramSHA256Plus, .scramSHA256:
      preconditionFailure("an exchange of SCRAM needs a nonce")
    }
  }

  /// An exchange of SCRAM that has not begun.
  ///
  /// - Parameters:
  ///   - random: octets that nobody can foresee, at least ``Limits/clientNonceBytes``.
  ///   - binding: what names the connection; nil where it has nothing of the kind, and then the
  ///     mechanism is not the one that needs it.
  ///   - isBindingOffered: whether the server offers the mechanism that binds.
  package init(
    scram user: String, password: [UInt8], random: [UInt8], binding: ChannelBindingData?,
    bindsChannel: Bool, isBindingOffered: Bool
  ) {
    precondition(
      random.count >= Limits.clientNonceBytes,
      "a nonce that can be guessed lets a proof be replayed")
    mechanism = bindsChannel ? .scramSHA256Plus : .scramSHA256
    state = .scram(
      SCRAMClientExchange(
        user: user, password: password, nonce: Base64.encode(random), binding: binding,
        bindsChannel: bindsChannel, isBindingOffered: isBindingOffered))
  }

  /// Whether the server has proved what it has to: with mechanisms other than SCRAM that is nothing.
  package var isServerProved: Bool {
    if case .scram(let scram) = state { scram.isServerProved } else { true }
  }

  /// The response to send beside the mechanism's name; nil when the server speaks first.
  package mutating func initialResponse() -> [UInt8]? {
    switch mechanism {
    case .scramSHA256Plus, .scramSHA256, .plain:
      if case .respond(let message) = respond(to: []) { initial = message }
      return initial
    // Some servers take LOGIN's initial response for an error, and all of them prompt.
    case .login, .cramMD5: return nil
    }
  }

  /// Takes a challenge of the server.
  ///
  /// PLAIN and LOGIN do not look at it: LOGIN's prompts have no fixed text, only a fixed order. A server
  /// that asks once more as if it had heard nothing has not taken the initial response, and gets it again.
  package mutating func respond(to challenge: [UInt8]) -> Step {
    if let initial, challenge.isEmpty || mechanism == .plain {
      self.initial = nil
      return .respond(initial)
    }
    initial = nil
    switch state {
    case .telling(var messages):
      guard let message = messages.popLast() else { return .refuse("it asks for too much") }
      isPasswordShown = messages.isEmpty
      state = .telling(messages)
      return .respond(message)
    case .digesting(_, let password):
      guard !isPasswordShown, !challenge.isEmpty else {
        return .refuse("its challenge is not one of CRAM-MD5")
      }
      isPasswordShown = true
      return .compute(.cramMD5(password: password, challenge: challenge))
    case .scram(var scram):
      defer { state = .scram(scram) }
      return scram.respond(to: challenge)
    }
  }

  /// Takes what was worked out at `compute`; the signature is SCRAM's.
  package mutating func computed(_ octets: [UInt8], serverSignature: [UInt8] = []) -> Step {
    switch state {
    case .telling: preconditionFailure("nothing was to be worked out")
    case .digesting(let user, _):
      let digits = Array("0123456789abcdef".utf8)
      let digest = octets.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
      return .respond(Array(user.utf8) + [0x20] + digest)
    case .scram(var scram):
      defer { state = .scram(scram) }
      isPasswordShown = true
      return scram.computed(octets, serverSignature: serverSignature)
    }
  }
}
