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
  /// The rules, replaced when the configuration is read again.
  package var rules: GrantRules
  let facts: GrantFacts
  let report: @Loop (String) -> Void
  nonisolated let directory: Directory
  let disk: WorkerPool
  var table = GrantTable()
  /// The file as it was read or written last.
  var file = FileState()
  var schedule = FileSchedule()
  let changed = Condition()

  /// The grants kept in the directory at `path`.
  ///
  /// - Parameter report: takes sentences for the admin.
  /// - Throws: where there is no such directory. A file that is not to be believed is reported, and
  ///   replaced; one that cannot be read is reported, and read when that is possible.
  package init(
    path: String, disk: WorkerPool, rules: GrantRules, facts: GrantFacts,
    report: @escaping @Loop (String) -> Void
  ) throws(SystemError) {
    directory = try Directory(path: path)
    self.disk = disk
    self.rules = rules
    self.facts = facts
    self.report = report
    refresh()
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
      hardware: facts.device(address)?.hardware, credential: credential)
    note(isUrgent: table.give(grant, at: now))
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
    if let wasAlive = table.extend(address, user: user, until: end(now), at: now) {
      note(isUrgent: !wasAlive)
    }
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

  private func end(_ now: GrantTime) -> Instant {
    now.boot + min(rules.window, GrantTable.longestWindow)
  }

  func note(isUrgent: Bool) {
    schedule.note(isUrgent: isUrgent, at: facts.now().boot)
    changed.signal()
  }

  // MARK: Using

  /// The grant that lets a client send, if there is one at this moment.
  package func grant(of client: IPAddress) -> Grant? {
    refresh()
    // Each turn takes one grant away.
    while let grant = candidate(for: client) {
      guard let reason = flaw(of: grant) else { return grant }
      report("\(client): the grant of \(grant.user) at \(grant.address) ends: \(reason)")
      end(grant)
    }
    return nil
  }

  /// The user whose grant the client had until a while ago, and who may have one again.
  package func pastUser(of client: IPAddress) -> String? {
    refresh()
    guard facts.mayEarn(client), let grant = past(of: client) else { return nil }
    return facts.credential(grant.user) == nil ? nil : grant.user
  }

  /// Counts a recipient for the grant of a client; returns what there are too many of.
  package func take(_ client: IPAddress, isFirstOfMessage: Bool) -> GrantExcess? {
    guard var grant = grant(of: client) else { return nil }
    if let limit = rules.messages, isFirstOfMessage, grant.sent.messages >= limit {
      return .messages(limit: limit)
    }
    if let limit = rules.recipients, grant.sent.recipients >= limit {
      return .recipients(limit: limit)
    }
    if isFirstOfMessage { grant.sent.messages += 1 }
    grant.sent.recipients += 1
    table.set(grant)
    note(isUrgent: false)
    return nil
  }

  /// A grant that may hold for the client, the client's own before others.
  private func candidate(for client: IPAddress) -> Grant? {
    let now = facts.now()
    let mayEarn = facts.mayEarn(client)
    let own = table.living(at: now) {
      $0.address == client && (mayEarn || $0.how == Grant.adminsWord)
    }
    if own != nil || !mayEarn { return own }
    return network(around: client).flatMap { network in
      table.living(at: now) { network.contains($0.address) }
    }
      ?? hardware(of: client).flatMap { hardware in
        table.living(at: now) { $0.hardware == hardware }
      }
  }

  /// The grant that the client would have if it had not ended, its own before others.
  private func past(of client: IPAddress) -> Grant? {
    let now = facts.now()
    return table.past(at: now) { $0.address == client }
      ?? network(around: client).flatMap { network in
        table.past(at: now) { network.contains($0.address) }
      }
      ?? hardware(of: client).flatMap { hardware in
        table.past(at: now) { $0.hardware == hardware }
      }
  }

  /// The /64 whose grants hold for the client: that around it, if it is on a link of this machine.
  private func network(around client: IPAddress) -> IPNetwork? {
    guard rules.coversNetwork, !client.isV4, !client.isLinkLocal, facts.isOnLink(client) else {
      return nil
    }
    return IPNetwork(client, prefix: 64)
  }

  /// The device whose grants hold for the client, which is another address of it.
  ///
  /// A device has one address of IPv4. What has more may be a repeater or a router that speaks for many.
  private func hardware(of client: IPAddress) -> HardwareAddress? {
    guard rules.coversDevice, table.grants.contains(where: { $0.hardware != nil }),
      let device = facts.device(client), device.v4Addresses <= 1
    else { return nil }
    return device.hardware
  }

  /// Why a grant that is alive is worth nothing.
  private func flaw(of grant: Grant) -> String? {
    guard let credential = facts.credential(grant.user) else {
      return "there is no such user, or none who can log in"
    }
    if let earned = grant.credential, earned != credential {
      return "the user has another password now"
    }
    let hardware = facts.device(grant.address)?.hardware
    if let earned = grant.hardware, let hardware, earned != hardware {
      return "\(hardware) has the address now, which \(earned) had"
    }
    // The same address may be on every link.
    if grant.address.isLinkLocal, hardware == nil || grant.hardware == nil {
      return "which host has the address cannot be told"
    }
    if grant.credential == nil {
      var known = grant
      known.credential = credential
      known.hardware = grant.hardware ?? hardware
      table.set(known)
      note(isUrgent: false)
    }
    return nil
  }

  /// Takes away a grant, with all others of the user where the user is why.
  private func end(_ grant: Grant) {
    let credential = facts.credential(grant.user)
    let isUser = credential == nil || grant.credential != nil && grant.credential != credential
    _ = table.remove(at: facts.now()) {
      $0.user == grant.user && (isUser || $0.address == grant.address)
    }
    note(isUrgent: true)
  }
}
