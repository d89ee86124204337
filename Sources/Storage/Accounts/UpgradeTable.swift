/// The verifiers that have been made for users with a hash of crypt(3), at a login.
///
/// Each stands in for one hash: with another in the users file it is worth nothing.
package struct UpgradeTable: Equatable, Sendable {
  private struct Entry: Equatable {
    /// The `Verifier.fingerprint` of the hash that is replaced.
    var replaced: UInt64
    var verifier: SCRAMVerifier
    /// Whether the hash is what the user logs in with now.
    var isCurrent: Bool
  }

  private var entries: [UserName: Entry] = [:]

  /// The names of the users, sorted.
  var names: [UserName] { entries.keys.sorted() }

  /// What the user has logged in with in place of the hash, when the table was last told of the users.
  func current(_ name: UserName) -> SCRAMVerifier? {
    guard let entry = entries[name], entry.isCurrent else { return nil }
    return entry.verifier
  }

  /// The verifier that replaces the one in the line of the user; nil if there is none.
  package func replacement(for user: User) -> SCRAMVerifier? {
    guard let entry = entries[user.name], entry.replaced == user.verifier.fingerprint else {
      return nil
    }
    return entry.verifier
  }

  /// What the entry of a name says, for the file.
  func fields(of name: UserName) -> (replaced: UInt64, verifier: SCRAMVerifier)? {
    entries[name].map { ($0.replaced, $0.verifier) }
  }

  /// Adds the verifier that replaces the one with this fingerprint.
  mutating func add(
    _ verifier: SCRAMVerifier, replacing fingerprint: UInt64, of name: UserName, isCurrent: Bool
  ) {
    entries[name] = Entry(replaced: fingerprint, verifier: verifier, isCurrent: isCurrent)
  }

  /// Finds out which entries hold for these users.
  ///
  /// Not at each login: the time that it takes would tell who has an entry.
  mutating func update(for users: [UserName: User]) {
    for (name, entry) in entries {
      entries[name]?.isCurrent = users[name]?.login.fingerprint == entry.replaced
    }
  }

  /// Removes the entries of users who are gone or have another verifier in their line.
  mutating func removeStale(_ users: [UserName: User]) {
    entries = entries.filter { name, entry in
      users[name]?.verifier.fingerprint == entry.replaced
    }
  }
}
