import Platform

/// What is to be found out about a password, as work for a thread.
struct PasswordCheck: Sendable {
  /// What the line of the user says; nil where nobody can log in by this name.
  let login: Verifier?
  /// What the password is verified against: this, what replaces it, or a decoy.
  let verifier: Verifier
  /// Whether a hash of crypt(3) is to be replaced when the password is right.
  let upgrades: Bool

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
    guard upgrades, login != nil, isRight == true, verifier.isUpgradable,
      verifier.covers(password)
    else { return Result(isRight: isRight) }
    // Without random numbers the next login makes it.
    return Result(isRight: isRight, upgrade: try? SCRAMVerifier(password: password))
  }
}
