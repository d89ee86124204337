import EventLoop
import Mail
package import Platform
package import SASL
import TLS

/// The logins in which the password is proved and not sent.
///
/// Who does not exist, is locked, or has a hash of crypt(3) gets a salt too, always the same one, and is
/// refused at the proof, after the same work: no answer tells who there is. Iterations and the length of
/// the salt are those of some user.
extension Accounts {
  /// What SCRAM tells a client that wants to log in by this name.
  ///
  /// `binding` is the channel binding data that the client asks for, nil if there is none.
  package func scramParameters(
    user name: String, binding: [UInt8]?
  ) throws(SystemError) -> SCRAMParameters {
    let (verifier, _) = scramVerifier(of: user(named: name), named: name)
    return SCRAMParameters(
      salt: verifier.salt, iterations: verifier.iterations,
      random: try randomBytes(count: SASL.Limits.serverNonceBytes), binding: binding)
  }

  /// Checks a proof; the signature is for the client whose proof is right.
  ///
  /// The name is taken as `verify(user:password:)` takes it. Where somebody has a plain secret, its keys
  /// are derived on a worker thread, and everybody waits for as long as that takes.
  package func verify(
    _ proof: SCRAMProof
  ) async -> (verification: Verification, serverSignature: [UInt8]) {
    let user = user(named: proof.user)
    var (verifier, isDecoy) = scramVerifier(of: user, named: proof.user)
    if decoys.hasPlainSecrets {
      let secret: [UInt8]? =
        if case .plain(let text)? = user?.login { Array(text.utf8) } else { nil }
      let (form, other) = (decoyForm(of: proof.user), decoySecret)
      let derived = await workers.run {
        SCRAMVerifier(password: secret ?? other, salt: form.salt, iterations: form.iterations)
      }
      if secret != nil, isDecoy { (verifier, isDecoy) = (derived, false) }
    }
    let signature = verifier.serverSignature(of: proof)
    let isRight = verifier.accepts(proof)
    guard let user else { return (refusal, signature) }
    if isRight, !isDecoy { return (.verified(user), signature) }
    if isDecoy, user.login.isUpgradable {
      report(
        "\(user.name) has no verifier for SCRAM and cannot log in with SCRAM: set the password anew, or "
          + "have the client use PLAIN" + (upgradesHashes ? " once" : ""))
    }
    return (refusal, signature)
  }

  /// The user of a proof that was right, once the client has confirmed the signature.
  ///
  /// The client takes its time for that: the user may have gone, or have another password by now.
  package func confirm(_ proven: User) -> Verification {
    guard let user = user(named: proven.name.text), user.login == proven.login else {
      return refusal
    }
    return .verified(user)
  }

  /// Checks the digest of APOP, 32 digits of base 16, which only a user with a plain secret can have
  /// (RFC 1939 §7).
  package func verify(user name: String, timestamp: String, digest: [UInt8]) -> Verification {
    let user = user(named: name)
    // Without a secret the work is the same, and no digest is right.
    var secret = decoySecret
    if case .plain(let own)? = user?.login { secret = Array(own.utf8) }
    guard let hash = KeyDerivation.md5(Array(timestamp.utf8) + secret) else {
      return .temporary("there is no MD5 here")
    }
    let digits = hash.map(\.hexadecimal).joined()
    let isRight = KeyDerivation.constantTimeEquals(Array(digits.utf8), digest)
    guard let user, isRight, case .plain = user.login else { return refusal }
    return .verified(user)
  }

  /// What a proof of the user is checked against: a verifier of no password where there is none.
  private func scramVerifier(
    of user: User?, named name: String
  ) -> (verifier: SCRAMVerifier, isDecoy: Bool) {
    // Made for those who have a verifier too, as the time it takes would tell them from the others.
    let form = decoyForm(of: name)
    if let user, case .scram(let verifier) = self.verifier(of: user) { return (verifier, false) }
    let decoy = SCRAMVerifier(
      iterations: form.iterations, salt: form.salt,
      storedKey: decoySecret, serverKey: decoySecret)
    return (decoy, true)
  }

  /// The salt and the iterations that are shown of a name that has none of its own.
  func decoyForm(of name: String) -> (salt: [UInt8], iterations: Int) {
    let model = decoys.scram(decoyNumber(of: name))
    return (
      decoySalt(of: name, count: model?.salt.count ?? Limits.saltBytes),
      model?.iterations ?? Limits.iterations
    )
  }

  /// The salt of what replaces the hash of a user of that name: no shorter than those made here, and else the
  /// one that was shown of the name before, so that it does not tell that there is such a user.
  func upgradeSalt(of name: String) -> [UInt8] {
    decoySalt(of: name, count: max(decoyForm(of: name).salt.count, Limits.saltBytes))
  }

  /// The first octets of what belongs to a name, in all its spellings as the salt of a user does.
  private func decoySalt(of name: String, count: Int) -> [UInt8] {
    let name = login(name)?.text ?? name.asciiLowercased
    var hash = KeyDerivation.hmacSHA256(key: decoySecret, Array(name.utf8))
    while hash.count < count { hash += KeyDerivation.hmacSHA256(key: decoySecret, hash) }
    return Array(hash.prefix(count))
  }
}
