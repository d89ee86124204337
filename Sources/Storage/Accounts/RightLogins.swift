import Mail
import Platform
import TLS

/// The last right password of each user, so that the next login with it costs one HMAC.
///
/// A password is kept as an HMAC under a key of the process, together with the verifier that it was right for: it
/// counts as long as the user has that one. Whoever does not know the password gets nothing from it: a wrong one,
/// and a name that nobody has, are verified at full length, as ever.
///
/// **Limits**: `Limits.rememberedLogins` users, 100 octets each; beyond it any other one is forgotten.
struct RightLogins {
  private struct Entry {
    var verifier: Verifier
    var code: [UInt8]
  }

  private let key: [UInt8]
  private var entries: [UserName: Entry] = [:]

  /// - Parameter key: is random, and never leaves the process.
  init(key: [UInt8]) { self.key = key }

  /// A code of the name and the password; takes as long for every name.
  func code(_ name: String, _ password: [UInt8]) -> [UInt8] {
    KeyDerivation.hmacSHA256(key: key, Array(name.utf8) + [0] + password)
  }

  /// Whether the password of that code was right for the verifier of the user as it is now.
  func holds(_ user: User, _ code: [UInt8]) -> Bool {
    guard let entry = entries[user.name], entry.verifier == user.login else { return false }
    return KeyDerivation.constantTimeEquals(entry.code, code)
  }

  /// Notes that the password of that code is right.
  mutating func note(_ user: User, _ code: [UInt8]) {
    if entries[user.name] == nil, entries.count >= Limits.rememberedLogins,
      let other = entries.keys.first
    {
      entries[other] = nil
    }
    entries[user.name] = Entry(verifier: user.login, code: code)
  }

  /// Forgets the users who are gone or have another verifier.
  mutating func update(for users: [UserName: User]) {
    entries = entries.filter { users[$0.key]?.login == $0.value.verifier }
  }

  /// Forgets everything.
  mutating func forget() { entries = [:] }
}
