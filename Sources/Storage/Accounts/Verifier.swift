/// What a user's password is verified against, the second field of a line of the users file.
package enum Verifier: Equatable, Sendable {
  /// `{SCRAM-SHA-256}iterations,salt,StoredKey,ServerKey`, in the manner of RFC 5803 §2.
  case scram(SCRAMVerifier)
  /// A hash of crypt(3), for users that come from another system.
  case crypt(CryptHash)
  /// `!`: the user receives mail and cannot log in.
  case locked

  private static let scheme = "{SCRAM-SHA-256}"

  /// The verifier that is spelled so; nil if it is none, such as a password in clear.
  package init?(_ text: Substring) {
    if text == "!" {
      self = .locked
    } else if text.hasPrefix(Self.scheme) {
      let rest = Substring(text.utf8.dropFirst(Self.scheme.utf8.count))
      guard let verifier = SCRAMVerifier(rest) else { return nil }
      self = .scram(verifier)
    } else {
      guard let hash = CryptHash(text) else { return nil }
      self = .crypt(hash)
    }
  }

  /// The field as it is written; it never holds a colon or a line end.
  package var text: String {
    switch self {
    case .scram(let verifier): Self.scheme + verifier.text
    case .crypt(let hash): hash.text
    case .locked: "!"
    }
  }

  /// What stands in for a verifier where there is no user at all: no password is right.
  ///
  /// Its work is that of a verifier made here, and so is that of a user who is locked.
  static let decoy = Verifier.locked

  /// Whether it is the password; nil when that cannot be found out now.
  ///
  /// Slow on purpose: for a worker thread.
  func accepts(_ password: [UInt8]) -> Bool? {
    switch self {
    case .scram(let verifier):
      return verifier.accepts(password)
    case .crypt(let hash):
      return hash.accepts(password)
    case .locked:
      let salt = [UInt8](repeating: 0, count: Limits.saltBytes)
      _ = SCRAMVerifier(password: password, salt: salt, iterations: Limits.iterations)
      return false
    }
  }
}
