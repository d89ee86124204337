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
  /// The domains of the users, which may follow the name at a login; replaced when the configuration is read again.
  package var domains: Set<Domain>
  let workers: WorkerPool
  private let file: FollowedFile<[UserName: User]>
  let report: @Loop (String) -> Void
  /// What the salts are made of that SCRAM tells of users who have none, and what chooses decoys.
  let decoySecret: [UInt8]
  private var rightLogins: RightLogins
  /// What passwords are verified against where there is no user.
  var decoys = Decoys([])
  let upgrades: Upgrades?

  var users: [UserName: User] { file.content }
  /// Why the file cannot be used now.
  package var problem: UsersFileError? { file.problem }

  /// Reads the users.
  ///
  /// - Parameters:
  ///   - path: The users file.
  ///   - domains: The domains of the users, which may follow the name at a login.
  ///   - workers: Where passwords are verified.
  ///   - decoySecret: What `DecoySecret` has; nil for another one in each process.
  ///   - upgrades: Where verifiers are kept that replace hashes of crypt(3), once it is wanted.
  ///   - trouble: Takes why the file cannot be used, and nil when it can again; without it `report` takes
  ///     sentences about that.
  ///   - report: Takes each login that must fail because of what stands in the file.
  /// - Throws: where there are no random numbers.
  package init(
    path: String, domains: [Domain], workers: WorkerPool, decoySecret: [UInt8]? = nil,
    upgrades: Upgrades? = nil, trouble: (@Loop (String?) -> Void)? = nil,
    report: @escaping @Loop (String) -> Void
  ) throws(UsersFileError) {
    self.domains = Set(domains)
    self.workers = workers
    self.upgrades = upgrades
    self.report = report
    do throws(SystemError) {
      let random = try randomBytes(count: KeyDerivation.hashBytes)
      self.decoySecret = decoySecret ?? random
      rightLogins = RightLogins(key: try randomBytes(count: KeyDerivation.hashBytes))
    } catch {
      throw UsersFileError(.unreadable, reason: "no random numbers: \(error)")
    }
    let source = FollowedFile<[UserName: User]>.Source(
      path: path, word: "users", limit: Limits.fileBytes
    ) { content throws(UsersFileError) in
      let users = try UsersFile(content, file: path).users
      return Dictionary(uniqueKeysWithValues: users.map { ($0.name, $0) })
    }
    file = FollowedFile(source, empty: [:], tell: FileChange.teller(trouble, or: report))
    usersChanged()
  }

  /// Reads the file again if it has changed.
  func refresh() {
    if file.refresh() { usersChanged() }
  }

  /// Finds out what follows from the users as they are now.
  func usersChanged() {
    upgrades?.update(for: users)
    rightLogins.update(for: users)
    decoys = Decoys(users.values.lazy.map { self.verifier(of: $0) })
  }

  /// Has each password verified at full length once more.
  func forgetRightLogins() { rightLogins.forget() }

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

  /// What names the password of the user who has this name in the file, without telling anything of it; nil
  /// if there is none, or none who can log in now.
  ///
  /// It is another with each new password, so that what was earned with the old one ends.
  package func credential(ofUser name: String) -> String? {
    refresh()
    return UserName(name).flatMap { users[$0] }?.credential
  }

  /// Verifies a password on a worker thread.
  ///
  /// The name may have another case, as telephones write it, and a local domain. The password that the user
  /// has logged in with last is known without work (`RightLogins`).
  ///
  /// - Parameter isWanted: is asked on the worker, before the work begins, whether anybody waits for it still.
  package func verify(
    user name: String, password: [UInt8], isWanted: @escaping @Sendable () -> Bool = { true }
  ) async -> Verification {
    let check = check(ofUserNamed: name, isWanted)
    guard (1...Limits.passwordBytes).contains(password.count) else { return refusal }
    let code = rightLogins.code(login(name)?.text ?? name.asciiLowercased, password)
    if check.login != nil, let user = self.login(name).flatMap({ users[$0] }),
      rightLogins.holds(user, code)
    {
      return .verified(user)
    }
    let verification = verification(
      ofUserNamed: name, check, await workers.run { check.run(password) })
    if case .verified(let user) = verification { rightLogins.note(user, code) }
    return verification
  }

  /// What a password of that name is verified with: the work tells not whether there is such a user.
  @inline(never)
  private func check(
    ofUserNamed name: String, _ isWanted: @escaping @Sendable () -> Bool
  ) -> PasswordCheck {
    // Made for those who need none too, as the time it takes would tell them from the others.
    let number = decoyNumber(of: name)
    let salt = upgradesHashes ? upgradeSalt(of: name) : nil
    guard let user = user(named: name), user.login != .locked else {
      return PasswordCheck(
        login: nil, verifier: decoys.verifier(number), upgradeSalt: nil, isWanted: isWanted)
    }
    return PasswordCheck(
      login: user.login, verifier: verifier(of: user), upgradeSalt: salt, isWanted: isWanted)
  }

  /// What the work means, if the line of the user is as it was.
  @inline(never)
  private func verification(
    ofUserNamed name: String, _ check: PasswordCheck, _ result: PasswordCheck.Result
  ) -> Verification {
    if result.isUnwanted { return .temporary("the client has gone") }
    // Of a decoy too: it is what a user would be told.
    guard let isRight = result.isRight else { return .temporary("crypt(3) fails") }
    guard
      isRight, let login = check.login, let user = self.login(name).flatMap({ users[$0] }),
      user.login == login
    else { return refusal }
    if let new = result.upgrade { upgrade(user, to: new) }
    return .verified(user)
  }

  /// A number that belongs to a name in all its spellings.
  func decoyNumber(of name: String) -> UInt64 {
    let name = login(name)?.text ?? name.asciiLowercased
    let hash = KeyDerivation.hmacSHA256(key: decoySecret, Array("decoy \(name)".utf8))
    return hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
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
