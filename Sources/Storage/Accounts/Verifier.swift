import TLS

/// What a user's password is verified against, the second field of a line of the users file.
package enum Verifier: Equatable, Sendable {
  /// `{SCRAM-SHA-256}iterations,salt,StoredKey,ServerKey`, in the manner of RFC 5803 §2.
  case scram(SCRAMVerifier)
  /// A hash of crypt(3), for users that come from another system.
  case crypt(CryptHash)
  /// `{PLAIN}secret`: the password itself, for clients that know nothing better than APOP; it serves
  /// SCRAM too.
  case plain(String)
  /// `!`: the user receives mail and cannot log in.
  case locked

  private static let scheme = "{SCRAM-SHA-256}"
  private static let plainScheme = "{PLAIN}"

  /// The verifier that is spelled so; nil if it is none, such as a password in clear.
  package init?(_ text: Substring) {
    if text == "!" {
      self = .locked
    } else if text.hasPrefix(Self.scheme) {
      let rest = Substring(text.utf8.dropFirst(Self.scheme.utf8.count))
      guard let verifier = SCRAMVerifier(rest) else { return nil }
      self = .scram(verifier)
    } else if text.hasPrefix(Self.plainScheme) {
      let secret = Array(text.utf8.dropFirst(Self.plainScheme.utf8.count))
      guard let verifier = Verifier(plainSecret: secret) else { return nil }
      self = verifier
    } else {
      guard let hash = CryptHash(text) else { return nil }
      self = .crypt(hash)
    }
  }

  /// The password itself; nil if a line of the users file has no room for it.
  package init?(plainSecret secret: [UInt8]) {
    guard (1...Limits.passwordBytes).contains(secret.count),
      secret.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") })
    else { return nil }
    self = .plain(String(decoding: secret, as: UTF8.self))
  }

  /// The field as it is written; it never holds a colon or a line end.
  package var text: String {
    switch self {
    case .scram(let verifier): Self.scheme + verifier.text
    case .crypt(let hash): hash.text
    case .plain(let secret): Self.plainScheme + secret
    case .locked: "!"
    }
  }

  /// What names the verifier without telling anything of it.
  var fingerprint: UInt64 {
    KeyDerivation.sha256(Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Whether it serves passwords only, and a verifier for SCRAM can be made at a login.
  var isUpgradable: Bool {
    switch self {
    case .crypt, .plain: true
    case .scram, .locked: false
    }
  }

  /// Why a password costs too much to be verified with it; nil if it does not.
  var excess: String? {
    if case .crypt(let hash) = self { hash.excess } else { nil }
  }

  /// Whether it has fewer iterations than one that is made now.
  var isWeak: Bool {
    if case .scram(let verifier) = self { verifier.iterations < Limits.iterations } else { false }
  }

  /// Whether it tells the password from every other one, as long as it may be.
  func covers(_ password: [UInt8]) -> Bool {
    if case .crypt(let hash) = self { hash.covers(password) } else { true }
  }

  /// Whether it is the password; nil when that cannot be found out now.
  ///
  /// Slow on purpose: for a worker thread.
  func accepts(_ password: [UInt8]) -> Bool? {
    switch self {
    case .scram(let verifier):
      return verifier.accepts(password)
    case .crypt(let hash):
      return hash.accepts(password)
    case .plain(let secret):
      // Hashes are of one length, and tell nothing of the secret's.
      return KeyDerivation.constantTimeEquals(
        KeyDerivation.sha256(password), KeyDerivation.sha256(Array(secret.utf8)))
    case .locked:
      // As much work as for a verifier that is made here: the answer does not tell who is locked.
      let salt = [UInt8](repeating: 0, count: Limits.saltBytes)
      _ = SCRAMVerifier(password: password, salt: salt, iterations: Limits.iterations)
      return false
    }
  }
}
