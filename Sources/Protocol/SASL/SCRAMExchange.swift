/// The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802 §5), in decoded messages.
///
/// It has neither secrets nor chance: the driver looks up the salt, makes the nonce, and checks the
/// proof. A user who cannot log in is looked up like any other, and refused at the proof, so that no
/// answer before it tells who there is.
struct SCRAMExchange: Sendable {
  private enum State {
    case begun
    case lookingUp(SCRAMClientFirst)
    case challenged(Challenge)
    case checking
    case confirming(user: String)
  }

  /// What the client's last message is held against.
  private struct Challenge {
    var user: String
    /// `cbind-input`: the header of the client's first message, and the channel binding data.
    var binding: [UInt8]
    var nonce: [UInt8]
    /// The first messages of both sides, as `AuthMessage` begins.
    var spoken: [UInt8]
  }

  private let bindsChannel: Bool
  private let isBindingOffered: Bool
  private var state = State.begun

  /// An exchange that has not begun; binding may be offered beside a mechanism that does not bind.
  init(bindsChannel: Bool, isBindingOffered: Bool) {
    self.bindsChannel = bindsChannel
    self.isBindingOffered = isBindingOffered
  }

  mutating func respond(_ message: [UInt8]) -> ServerExchange.Step {
    switch state {
    case .begun: return takeFirst(message)
    case .challenged(let challenge): return takeFinal(message, challenge)
    case .confirming(let user):
      return message.isEmpty ? .authenticated(user: user) : .invalid(.message)
    case .lookingUp, .checking:
      preconditionFailure("the driver answers a step before it reads on")
    }
  }

  private mutating func takeFirst(_ message: [UInt8]) -> ServerExchange.Step {
    guard Self.isText(message), let first = SCRAMClientFirst(message[...]) else {
      return .invalid(.message)
    }
    guard (first.authorizationIdentity ?? first.user) == first.user else {
      return .invalid(.authorizationIdentity)
    }
    state = .lookingUp(first)
    switch first.binding {
    case .bound(let kind) where bindsChannel:
      return .lookUp(user: first.user, binding: kind)
    case .unsupported where !bindsChannel:
      return .lookUp(user: first.user, binding: nil)
    // Where it was offered, somebody between us has taken it out of the list (RFC 5802 §6).
    case .notOffered where !bindsChannel && !isBindingOffered:
      return .lookUp(user: first.user, binding: nil)
    default:
      return .invalid(.channelBinding)
    }
  }

  mutating func lookedUp(_ parameters: SCRAMParameters) -> ServerExchange.Step {
    guard case .lookingUp(let first) = state else { preconditionFailure("nothing was asked") }
    guard let binding = bindsChannel ? parameters.binding : [] else {
      return .invalid(.channelBinding)
    }
    let nonce = first.nonce + parameters.nonce
    let message: [UInt8] =
      Array("r=".utf8) + Array(nonce) + Array(",s=".utf8) + Base64.encode(parameters.salt)
      + Array(",i=\(parameters.iterations)".utf8)
    let comma = UInt8(ascii: ",")
    state = .challenged(
      Challenge(
        user: first.user, binding: Array(first.header + binding), nonce: Array(nonce),
        spoken: Array(first.bare) + [comma] + message + [comma]))
    return .challenge(message)
  }

  private mutating func takeFinal(
    _ message: [UInt8], _ challenge: Challenge
  ) -> ServerExchange.Step {
    guard Self.isText(message), let final = SCRAMClientFinal(message[...]),
      final.nonce.elementsEqual(challenge.nonce)
    else { return .invalid(.message) }
    // A man in the middle has another connection on each side, and so other data.
    guard final.binding == challenge.binding else { return .invalid(.channelBinding) }
    state = .checking
    return .check(
      SCRAMProof(
        user: challenge.user, authMessage: challenge.spoken + final.withoutProof,
        clientProof: final.proof))
  }

  mutating func accepted(user: String, serverSignature: [UInt8]) -> ServerExchange.Step {
    guard case .checking = state else { preconditionFailure("nothing was to be checked") }
    state = .confirming(user: user)
    return .challenge(Array("v=".utf8) + Base64.encode(serverSignature))
  }

  private static func isText(_ message: [UInt8]) -> Bool {
    !message.contains(0) && String(validating: message, as: UTF8.self) != nil
  }
}
