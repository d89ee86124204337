import Platform

/// What is to be found out about a password, as work for a thread.
struct PasswordCheck: Sendable {
  /// What the line of the user says; nil where nobody can log in by this name.
  let login: Verifier?
  /// What the password is verified against: this, what replaces it, or a decoy.
  let verifier: Verifier
  /// The salt of what replaces a hash of crypt(3) when the password is right; nil where nothing does.
  let upgradeSalt: [UInt8]?
  /// Says, on the thread of the work, whether anybody waits for the result still.
  let isWanted: @Sendable () -> Bool

  /// What was found out.
  struct Result: Sendable {
    /// Whether it is the password; nil when that cannot be found out now.
    var isRight: Bool?
    /// What is to replace the hash.
    var upgrade: SCRAMVerifier?
    /// Whether nothing was begun, as nobody waits for it.
    var isUnwanted = false
  }

  /// Finds it out: slow on purpose.
  func run(_ password: [UInt8]) -> Result {
    // Others that are waited for stand behind it.
    if Task.isCancelled || !isWanted() { return Result(isUnwanted: true) }
    let isRight = verifier.accepts(password)
    guard let upgradeSalt, login != nil, isRight == true,
      verifier.isUpgradable || verifier.isWeak, verifier.covers(password)
    else { return Result(isRight: isRight) }
    // The salt of a weak one stays: it was shown to clients.
    let salt = if case .scram(let weak) = verifier { weak.salt } else { upgradeSalt }
    return Result(
      isRight: isRight,
      upgrade: SCRAMVerifier(password: password, salt: salt, iterations: Limits.iterations))
  }
}
