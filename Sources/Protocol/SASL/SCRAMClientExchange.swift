internal import Mail

/// The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802 §5), in decoded messages.
struct SCRAMClientExchange: Sendable {
  private enum State {
    case begun
    case spoken
    /// Waits for the proof that this message lacks.
    case computing(withoutProof: [UInt8])
    /// Waits for the server to answer the proof with this.
    case proved(serverSignature: [UInt8])
    case finished
  }

  private let password: [UInt8]
  private let nonce: [UInt8]
  /// `gs2-header`.
  private let header: [UInt8]
  /// What the proof is bound to, of nothing where the mechanism does not bind.
  private let binding: [UInt8]
  /// `client-first-message-bare`.
  private let bare: [UInt8]
  private var state = State.begun

  init(
    user: String, password: [UInt8], nonce: [UInt8], binding: ChannelBindingData?,
    bindsChannel: Bool, isBindingOffered: Bool
  ) {
    self.password = password
    self.nonce = nonce
    bare = Array("n=".utf8) + Self.name(user) + Array(",r=".utf8) + nonce
    if bindsChannel {
      guard let binding else { preconditionFailure("there is something to bind to") }
      header = Array("p=\(binding.kind),,".utf8)
      self.binding = binding.octets
    } else {
      // `y` tells a server that offers binding that somebody has hidden the offer (RFC 5802 §6).
      header = Array((binding != nil && !isBindingOffered ? "y,," : "n,,").utf8)
      self.binding = []
    }
  }

  var isServerProved: Bool { if case .finished = state { true } else { false } }

  mutating func respond(to challenge: [UInt8]) -> ClientExchange.Step {
    switch state {
    case .begun:
      state = .spoken
      return .respond(header + bare)
    case .spoken: return takeFirst(challenge)
    case .proved(let signature): return takeFinal(challenge, signature)
    case .computing, .finished: return .refuse("it goes on after the end of SCRAM")
    }
  }

  /// `r=,s=,i=`, and extensions that may be ignored (`server-first-message`, RFC 5802 §7).
  private mutating func takeFirst(_ message: [UInt8]) -> ClientExchange.Step {
    let pieces = SCRAMAttribute.pieces(of: message[...])
    guard pieces.count >= 3, message.allSatisfy(\.isVisible),
      let both = SCRAMAttribute.value(of: "r", in: pieces[0]),
      let salt = SCRAMAttribute.value(of: "s", in: pieces[1])
        .flatMap({ Base64.decode($0, limit: Limits.challengeBytes) }), !salt.isEmpty,
      let count = SCRAMAttribute.value(of: "i", in: pieces[2]), count.allSatisfy(\.isDigit),
      pieces[3...].allSatisfy(SCRAMAttribute.isOptionalExtension)
    else { return .refuse("its challenge is not one of SCRAM") }
    // Otherwise it could be the challenge of another exchange, and the proof used there.
    guard both.starts(with: nonce), both.count > nonce.count else {
      return .refuse("its challenge is not for this exchange")
    }
    guard let iterations = Int(String(decoding: count, as: UTF8.self)),
      Limits.clientIterations.contains(iterations)
    else { return .refuse("it asks for fewer or far more rounds of hashing than is safe") }
    let withoutProof: [UInt8] =
      Array("c=".utf8) + Base64.encode(header + binding) + Array(",r=".utf8) + Array(both)
    let comma = UInt8(ascii: ",")
    state = .computing(withoutProof: withoutProof)
    return .compute(
      .scram(
        password: password, salt: salt, iterations: iterations,
        authMessage: bare + [comma] + message + [comma] + withoutProof))
  }

  mutating func computed(_ proof: [UInt8], serverSignature: [UInt8]) -> ClientExchange.Step {
    guard case .computing(let withoutProof) = state else {
      preconditionFailure("nothing was to be worked out")
    }
    state = .proved(serverSignature: serverSignature)
    return .respond(withoutProof + Array(",p=".utf8) + Base64.encode(proof))
  }

  /// `v=`, or `e=` and a reason.
  private mutating func takeFinal(
    _ message: [UInt8], _ signature: [UInt8]
  ) -> ClientExchange.Step {
    let first = SCRAMAttribute.pieces(of: message[...])[0]
    if SCRAMAttribute.value(of: "e", in: first) != nil {
      return .refuse("it does not accept the proof: \(String(escaping: first))")
    }
    // Not in constant time: nobody is told where the two differ, and no second try has the same nonce.
    guard let value = SCRAMAttribute.value(of: "v", in: first),
      Base64.decode(value, limit: Limits.proofBytes) == signature
    else { return .refuse("it has not proved that it knows the password") }
    state = .finished
    return .respond([])
  }

  /// A name whose commas and equals signs are escaped (`saslname`).
  private static func name(_ user: String) -> [UInt8] {
    user.utf8.flatMap { octet -> [UInt8] in
      switch octet {
      case UInt8(ascii: ","): Array("=2C".utf8)
      case UInt8(ascii: "="): Array("=3D".utf8)
      default: [octet]
      }
    }
  }
}
