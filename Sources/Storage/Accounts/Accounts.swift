package import EventLoop
package import Mail
import Platform
import TLS

/// The users, as the users file has them at this moment.
///
/// **Failures**: while the file cannot be read or holds an error, the last good users go on, and
/// whatever they do not confirm is a temporary failure: no mail bounces and no password is called
/// wrong for a slip of an editor.
///
/// **Limits**: `Limits.fileBytes` of the file; one password at a time for each worker.
@Loop
package final class Accounts {
  private let domains: Set<Domain>
  private let workers: WorkerPool
  private let file: FollowedFile<[UserName: User]>
  let report: @Loop (String) -> Void
  /// What the salts are made of that SCRAM tells of users who have none.
  // Limitation: it is another after a restart, and those salts with it.
  let decoySecret: [UInt8]

  /// What hashes of crypt(3) are replaced by; nil where they are not to be.
  package var upgraded: UpgradedVerifiers?

  private var users: [UserName: User] { file.content }
  /// Why the file cannot be used now.
  var problem: UsersFileError? { file.problem }

  /// Reads the users.
  ///
  /// - Parameters:
  ///   - path: The users file.
  ///   - domains: The domains of the users, which may follow the name at a login.
  ///   - workers: Where passwords are verified.
  ///   - report: Takes each problem that the file comes to have, and the end of it; and each login that
  ///     must fail because of what stands in it.
  /// - Throws: why there are no users to begin with.
  package init(
    path: String, domains: [Domain], workers: WorkerPool, report: @escaping @Loop (String) -> Void
  ) throws(UsersFileError) {
    self.domains = Set(domains)
    self.workers = workers
    self.report = report
    do throws(SystemError) {
      decoySecret = try randomBytes(count: KeyDerivation.hashBytes)
    } catch {
      throw UsersFileError(.unreadable, reason: "no random numbers: \(error)")
    }
    let source = FollowedFile<[UserName: User]>.Source(
      path: path, word: "users", limit: Limits.fileBytes
    ) { content throws(UsersFileError) in
      let users = try UsersFile(content, file: path).users
      return Dictionary(uniqueKeysWithValues: users.map { ($0.name, $0) })
    }
    file = try FollowedFile(source, report: report)
  }

  /// Reads the file again if it has changed.
  func refresh() { file.refresh() }

  /// The names of all users, sorted.
  package var names: [UserName] {
    refresh()
    return users.keys.sorted()
  }

  /// The user whose mail goes to this local part of a local domain, in any case of its letters.
  ///
  /// - Returns: nil if there is none.
  /// - Throws: the state of the file, if that may be why there is none.
  package func mailbox(for localPart: String) throws(UsersFileError) -> User? {
    refresh()
    if let user = UserName(localPart.asciiLowercased).flatMap({ users[$0] }) { return user }
    if let problem { throw problem }
    return nil
  }

  /// The name of the maildrop of the user of that name; nil if there is none, as far as is known.
  func maildrop(of name: String) -> String? {
    UserName(name).flatMap { users[$0] }?.name.text
  }

  /// What names the password of a user, without telling anything of it; nil if there is no such user, or
  /// none who can log in now.
  ///
  /// It is another with each new password, so that what was earned with the old one ends.
  package func credential(ofUser name: String) -> String? {
    guard let user = user(named: name), user.login != .locked else { return nil }
    return user.credential
  }

  /// Verifies a password on a worker thread.
  ///
  /// The name may have another case, as telephones write it, and a local domain.
  package func verify(user name: String, password: [UInt8]) async -> Verification {
    let verifier = verifier(ofUserNamed: name)
    guard (1...Limits.passwordBytes).contains(password.count) else { return refusal }
    let found = verification(
      ofUserNamed: name, verifier, isRight: await workers.run { verifier.accepts(password) })
    if case .verified(let user) = found, verifier.isUpgradable {
      await upgrade(user, password)
    }
    return found
  }

  /// What a password of that name is verified with.
  ///
  /// A name that nobody has gets the verifier of some user, the same one as long as the file is the same,
  /// so that the time of an answer is one that users have, whatever hashes they have.
  @inline(never)
  func verifier(ofUserNamed name: String) -> Verifier {
    if let user = user(named: name) { return login(of: user) }
    if users.isEmpty { return .decoy }
    let text = login(name)?.text ?? name.asciiLowercased
    let hash = KeyDerivation.hmacSHA256(key: decoySecret, Array(text.utf8))
    let number = Int(hash[0]) << 16 | Int(hash[1]) << 8 | Int(hash[2])
    let place = users.index(users.startIndex, offsetBy: number % users.count)
    return login(of: users[place].value)
  }

  /// What a login of the user is verified against: what was made for the hash of crypt(3) comes first.
  func login(of user: User) -> Verifier {
    upgraded?.verifier(of: user).map { .scram($0) } ?? user.login
  }

  /// Has the user, whose password this is, use SCRAM from now on.
  private func upgrade(_ user: User, _ password: [UInt8]) async {
    guard let upgraded else { return }
    do throws(SystemError) {
      let verifier = try await workers.run { () throws(SystemError) in
        try SCRAMVerifier(password: password)
      }
      await upgraded.keep(verifier, of: user, among: users)
    } catch {
      report("\(user.name) keeps the hash of crypt(3): \(error)")
    }
  }

  /// What the work of the verifier means, if it is the user's still.
  @inline(never)
  private func verification(
    ofUserNamed name: String, _ verifier: Verifier, isRight: Bool?
  ) -> Verification {
    guard let user = login(name).flatMap({ users[$0] }), login(of: user) == verifier else {
      return refusal
    }
    guard let isRight else { return .temporary("crypt(3) fails for \(user.name)") }
    return isRight ? .verified(user) : refusal
  }

  /// What a login is told that cannot be confirmed.
  var refusal: Verification {
    problem.map { .temporary($0.description) } ?? .wrong
  }

  /// The user who logs in by this name, as the file is now.
  func user(named name: String) -> User? {
    refresh()
    return login(name).flatMap { users[$0] }
  }

  /// The name of a user that a login may spell otherwise; nil if no user can have it.
  func login(_ text: String) -> UserName? {
    let text = text.asciiLowercased
    guard let at = text.utf8.lastIndex(of: .at) else { return UserName(text) }
    let domain = Domain(String(text[text.utf8.index(after: at)...]))
    guard let domain, domains.contains(domain) else { return nil }
    return UserName(text[..<at])
  }
}
