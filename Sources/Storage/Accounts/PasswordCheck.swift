import Platform

/// What is to be found out about a password, as work for a thread.
struct PasswordCheck: Sendable {
  /// What the line of the user says; nil where nobody can log in by this name.
  let login: Verifier?
  /// What the password is verified against: this, what replaces it, or a decoy.
  let verifier: Verifier
  /// The salt of what replaces a hash of crypt(3) when the password is right; nil where nothing does.
  let upgradeSalt: [UInt8]?

  /// What was found out.
  struct Result: Sendable {
    /// Whether it is the password; nil when that cannot be found out now.
    var isRight: Bool?
    /// What is to replace the hash.
    var upgrade: SCRAMVerifier?
  }

  /// Finds it out: slow on purpose.
  func run(_ password: [UInt8]) -> Result {
    let isRight = verifier.accepts(password)
    guard let upgradeSalt, login != nil, isRight == true, verifier.isUpgradable,
      verifier.covers(password)
    else { return Result(isRight: isRight) }
    return Result(
      isRight: isRight,
      upgrade: SCRAMVerifier(
        password: password, salt: upgradeSalt, iterations: Limits.iterations))
  }
}
