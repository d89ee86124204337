/// The verifiers that replace hashes of crypt(3) without a change of the users file.
extension Accounts {
  /// Whether users with a hash of crypt(3) get a verifier of SCRAM at a login, and log in with it.
  package var upgradesHashes: Bool { upgrades?.table != nil }

  /// Begins with upgrades, or ends them; the file is looked at in the former case only.
  package func setUpgradesHashes(_ isWanted: Bool) {
    guard isWanted != upgradesHashes else { return }
    if isWanted { upgrades?.begin() } else { upgrades?.end() }
    usersChanged()
    // What is to be upgraded takes a password that is verified at full length.
    forgetRightLogins()
  }

  /// Keeps the file of upgraded verifiers until the program is to stop.
  package func keepUpgrades() async { await upgrades?.keepFile { [self] in users } }

  /// What the user logs in with: what the line says, or what replaces it.
  func verifier(of user: User) -> Verifier {
    if let upgrade = upgrades?.current(user.name) { return .scram(upgrade) }
    return user.login
  }

  /// Has the user log in with this from now on.
  func upgrade(_ user: User, to verifier: SCRAMVerifier) {
    // Another login at the same time may have been faster.
    guard let upgrades, upgradesHashes else { return }
    let old = self.verifier(of: user)
    guard old.isUpgradable || old.isWeak else { return }
    upgrades.replace(user, by: verifier)
    decoys.move(from: old, to: .scram(verifier))
  }
}
