package import EventLoop
package import Platform

/// The POP-before-SMTP whitelist: who may send because of a login, in memory and in a file.
///
/// Everything is looked at when a grant is used, so nothing has to happen in time for a grant to end: the
/// window, the user's password, whether the address is one that may earn a grant, which host has it now,
/// and what an admin has written into the file.
///
/// **Failures**: a login only changes memory and wakes `keepFile`: a full disk or a slow one never makes a
/// login fail or wait. What cannot be written is tried again, and said once.
///
/// **Durability**: a new grant and the end of one are written at once, by a temporary file, a rename and
/// syncs of both; where nothing but times and counts have changed, once a minute. A grant that is lost with
/// the power is earned again by the next login.
@Loop
package final class Grants {
  /// The rules, replaced when the configuration is read again; they hold for grants that are alive, too.
  package var rules: GrantRules { didSet { rulesChanged(from: oldValue) } }
  let facts: GrantFacts
  let report: @Loop (String) -> Void
  /// Takes why the file cannot be read or written, and nil when both work again; without it `report` takes sentences
  /// about that.
  package var trouble: (@Loop (String?) -> Void)? { didSet { tellOfTrouble(new: nil) } }
  private nonisolated let path: String
  /// The state directory as it is now: its disk may come after the start.
  nonisolated func directory() throws(SystemError) -> Directory { try Directory(path: path) }
  let disk: WorkerPool
  var table = GrantTable()
  /// The file as it was read or written last.
  var file = FileState()
  var schedule = FileSchedule()
  /// How many changes there have been, and how many of them are in the file.
  var changes = 0, writtenChanges = 0
  let changed = Condition()
  let written = Condition()

  /// The grants kept in the directory at `path`.
  ///
  /// A file that is not to be believed is reported, and replaced; one that cannot be read, or whose directory
  /// is not there, is reported, and read when that is possible.
  ///
  /// - Parameter report: takes sentences for the admin.
  package init(
    path: String, disk: WorkerPool, rules: GrantRules, facts: GrantFacts,
    report: @escaping @Loop (String) -> Void
  ) {
    self.path = path
    self.disk = disk
    self.rules = rules
    self.facts = facts
    self.report = report
    table.limits = rules.limits
    refresh()
  }

  private func rulesChanged(from old: GrantRules) {
    let now = facts.now()
    if rules.limits != old.limits {
      table.limits = rules.limits
      note(table.keepLimits(at: now))
    }
    // A grant ends a window after the last sign of its user, whichever window is in force.
    let (before, since) = (Self.window(old), Self.window(rules))
    if since == before { return }
    table.changeEnds(at: now) { min($0 + (since - before), now.boot + since) }
    note(isUrgent: true)
  }

  /// The moment it is for the grants.
  package var now: Instant { facts.now().boot }

  // MARK: Giving

  /// Gives `address` the right to send as `user` for a window, from now on, if a login there earns it.
  ///
  /// - Parameters:
  ///   - credential: what the login was verified against, as `User.credential` names it.
  ///   - how: how the login was made, a word.
  ///   - isEncrypted: whether it was made under TLS.
  /// - Returns: whether it was given.
  package func grant(
    _ address: IPAddress, user: String, credential: String, how: String, isEncrypted: Bool
  ) -> Bool {
    guard mayEarn(address, isEncrypted) else { return false }
    give(address, user, credential, how)
    return true
  }

  /// Why the file cannot be read at this moment; nil if it can.
  ///
  /// What an admin orders then might be undone when it can be read again.
  package var readFailure: SystemError? {
    refresh()
    return file.readFailure
  }

  /// Gives the right because an admin says so, wherever the address is.
  ///
  /// - Returns: whether there is such a user, who can log in.
  package func add(_ address: IPAddress, user: String) -> Bool {
    guard let credential = facts.credential(user) else { return false }
    give(address, user, credential, Grant.adminsWord)
    return true
  }

  private func mayEarn(_ address: IPAddress, _ isEncrypted: Bool) -> Bool {
    (isEncrypted || !rules.needsTLS) && facts.mayEarn(address)
  }

  private func give(_ address: IPAddress, _ user: String, _ credential: String, _ how: String) {
    refresh()
    let now = facts.now()
    let grant = Grant(
      address: address, user: user, how: how, made: now.wall, end: end(now),
      hardware: facts.neighbours()?.device(at: address)?.hardware, credential: credential)
    let (isNew, displaced) = table.give(grant, at: now)
    note(isUrgent: isNew)
    note(displaced.map { [$0] } ?? [])
  }

  /// Has a grant end a window from now, because its user is still logged in there.
  ///
  /// One that has ended meanwhile is alive again: a client may take longer than a window for a message. One
  /// that was taken away is not.
  package func extend(_ address: IPAddress, user: String, isEncrypted: Bool) {
    guard mayEarn(address, isEncrypted) else { return }
    refresh()
    // An admin may have taken the line out of a file that cannot be read now.
    if file.readFailure != nil { return }
    let now = facts.now()
    guard
      let (wasAlive, displaced) = table.extend(address, user: user, until: end(now), at: now)
    else { return }
    note(isUrgent: !wasAlive)
    note(displaced.map { [$0] } ?? [])
  }

  /// Ends all grants of a user, and forgets that there were any; says whether some were alive.
  @discardableResult
  package func revoke(user: String) -> Bool { remove { $0.user == user } }

  /// Ends the grants of an address, and forgets that there were any; says whether some were alive.
  @discardableResult
  package func revoke(_ address: IPAddress) -> Bool { remove { $0.address == address } }

  private func remove(where isMeant: (Grant) -> Bool) -> Bool {
    refresh()
    let wasAlive = table.remove(at: facts.now(), where: isMeant)
    note(isUrgent: true)
    return wasAlive
  }

  private func end(_ now: GrantTime) -> Instant { now.boot + Self.window(rules) }

  private static func window(_ rules: GrantRules) -> Duration {
    min(rules.window, GrantTable.longestWindow)
  }

  /// Notes that the file is not what it should be.
  func note(isUrgent: Bool) {
    changes += 1
    schedule.note(isUrgent: isUrgent, at: facts.now().boot)
    changed.signal()
  }

  /// Tells of grants that had to end for others.
  func note(_ displaced: [GrantTable.Displaced]) {
    for one in displaced {
      let grant = one.grant
      let excess =
        one.isOfUser
        ? "\(grant.user) has more than \(rules.limits.perUser) grants ([pop-before-smtp] grants-per-user)"
        : "there are more than \(rules.limits.total) grants ([pop-before-smtp] grants)"
      report(
        "\(excess): that of \(grant.user) at \(grant.address) ends, which would have ended first")
      note(isUrgent: true)
    }
  }
}
