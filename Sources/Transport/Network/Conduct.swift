package import EventLoop
internal import Log
package import Platform

/// What keeps bad clients from hurting good ones: shared by all listeners and their sessions.
///
/// Failed logins ban a stranger. They never ban a client in a trusted network, nor one from which somebody has
/// logged in lately: behind one address there may be many devices, and one with an old password must not silence
/// the others. What bounds guessing there, and before a ban anywhere, is that logins are not looked at:
///
/// - those of a user who has failed a few times from the client, until the time has passed by which the last
///   answer was delayed, at most 30 s: two guesses a minute;
/// - those of users who have not logged in from the client lately, while 8 of its sessions or 64 in all wait for
///   the answer to a failed login; and after 40 failures from the client, each within the time of a ban after
///   the one before, at the same pace of two a minute.
///
/// One client has one password verified at a time, so that no burst gets around this.
@Loop
package final class Conduct {
  /// The rules, replaced as a whole when the configuration is read again.
  package var rules: ClientRules
  private let standing: @Loop (IPAddress) -> ClientStanding
  private var records = ClientRecords()
  private var logins = LoginRecords()
  /// The sessions that wait for the answer to a failed login, in all and for each client.
  private var delayedSessions = 0
  private var delayed: [IPAddress: Int] = [:]
  /// The clients of which a password is being verified.
  private var verifying: Set<IPAddress> = []
  private let verified = Condition()

  /// - Parameter standing: tells how far a client is known at this moment.
  package init(_ rules: ClientRules, standing: @escaping @Loop (IPAddress) -> ClientStanding) {
    self.rules = rules
    self.standing = standing
  }

  /// How far the client is known at this moment.
  package func standing(of client: IPAddress) -> ClientStanding {
    let standing = standing(client)
    return standing < .known && logins.isKnown(LoginKey(client), at: .now) ? .known : standing
  }

  /// Counts a connection; returns why it may not stay, for the log, or nil.
  func refusal(of client: IPAddress, _ standing: ClientStanding) -> String? {
    if standing == .trusted { return nil }
    return switch records.noteConnection(of: client, rules, at: .now) {
    case nil: nil
    case .banned(let failures): "banned after \(failures) failed logins"
    case .tooManyConnections(let limit): "more than \(limit) connections in a minute"
    }
  }

  /// Whether a refusal of the client is to be logged: one in a minute is.
  func takeReport(of client: IPAddress) -> Bool { records.takeReport(of: client, at: .now) }

  /// Counts a command; where it says no, the client is over its rate and the session has to end.
  package func noteCommand(of client: IPAddress) -> Bool {
    // Who it is costs more than counting, and matters only to the few that are over the rate.
    records.noteCommand(of: client, rules, at: .now) || standing(client) == .trusted
  }

  // MARK: Logins

  /// Whether a proof of a password may be looked at; the log hears once a minute of a client where not.
  package func mayTry(service: String, client: IPAddress, user: String) -> Bool {
    guard let reason = reasonNotToTry(client, user) else { return true }
    if takeReport(of: client) {
      Log.record(.clientRefused(service: service, client: "\(client)", reason: reason))
    }
    return false
  }

  /// Verifies a password when it is the client's turn; nil where it may not be looked at.
  ///
  /// - Parameter verify: finds out whether it is right; it has the turn to itself until it returns.
  package func tryPassword<Result: Sendable>(
    service: String, client: IPAddress, user: String, _ verify: @Loop () async -> Result
  ) async -> Result? {
    let key = client.client
    while verifying.contains(key) {
      do throws(WaitError) { try await verified.wait() } catch { return nil }
    }
    guard mayTry(service: service, client: client, user: user) else { return nil }
    verifying.insert(key)
    let result = await verify()
    verifying.remove(key)
    verified.signal()
    return result
  }

  private func reasonNotToTry(_ client: IPAddress, _ user: String) -> String? {
    let now = Instant.now
    if records.isBanned(client, at: now) { return "banned after failed logins" }
    let pair = LoginKey(client, user: user)
    if logins.wait(of: pair, free: Limits.unpacedFailures, at: now) != nil {
      return "too many failed logins of one user: no password is looked at for some seconds"
    }
    if logins.isKnown(pair, at: now) { return nil }
    if isTooBusy(client) { return "too many failed logins at once: no password is looked at" }
    guard
      logins.wait(of: LoginKey(client), free: Limits.unpacedFailuresOfClient, at: now) != nil
    else { return nil }
    return
      "too many failed logins: only who has logged in from there before may log in for some seconds"
  }

  /// Whether no other session of the client may wait for the answer to a failed login.
  private func isTooBusy(_ client: IPAddress) -> Bool {
    delayedSessions >= Limits.delayedSessions
      || delayed[client.client, default: 0] >= Limits.delayedSessionsOfClient
  }

  /// Forgives the failed logins of the client, which has proved to be this user, and makes it a known one.
  ///
  /// Limitation: who has a password may guess those of others in between, at the pace that holds for each.
  package func noteLogin(of client: IPAddress, user: String) {
    records.noteLogin(of: client)
    logins.noteLogin([LoginKey(client), LoginKey(client, user: user)], at: .now)
  }

  /// Notes and logs a failed login, and returns when it may be answered.
  ///
  /// The only place that writes the line of a failed login, so that fail2ban counts each once. Call it
  /// for wrong passwords and for users that do not exist alike, and for nothing that is our fault.
  ///
  /// - Parameter password: what was tried; nil where the mechanism does not tell. It is not kept.
  /// - Returns: whether the session may go on; where not, the client is banned, or too many sessions
  ///   wait already, which would fill the table of connections.
  package func loginFailed(
    service: String, client: IPAddress, user: String, password: [UInt8]?
  ) async -> Bool {
    let penalty = note(service, client, user, password)
    guard let delay = penalty.delay, !isTooBusy(client) else { return false }
    delayedSessions += 1
    delayed[client.client, default: 0] += 1
    defer {
      delayedSessions -= 1
      let count = delayed[client.client] ?? 0
      delayed[client.client] = count > 1 ? count - 1 : nil
    }
    do throws(WaitError) {
      try await Loop.shared.eventLoop.sleep(until: .now + delay)
    } catch {
      // The program stops; the client hears so at its next command.
    }
    return true
  }

  @inline(never)
  private func note(
    _ service: String, _ client: IPAddress, _ user: String, _ password: [UInt8]?
  ) -> ClientRecords.Penalty {
    let now = Instant.now
    let lapse = now + rules.ban
    let pair = LoginKey(client, user: user)
    let isSame = password == nil && logins.noteHiddenFailure(pair, until: lapse, at: now)
    let penalty = records.noteFailedLogin(
      of: client, password.map { Self.hash(user, $0) }, isRepeated: isSame,
      mayBan: standing(client) != .trusted && !logins.isKnown(LoginKey(client), at: now), rules,
      at: now)
    if !penalty.isRepeated, let wait = penalty.delay {
      logins.noteGuess(pair, wait: wait, until: lapse, at: now)
      logins.noteGuess(LoginKey(client), wait: wait, until: lapse, at: now)
    }
    Log.record(
      .loginFailed(
        service: service, client: "\(client)", user: user,
        reason: penalty.isRepeated
          ? "the same wrong password as before" : "wrong user name or password"))
    if penalty.beginsBan {
      Log.record(
        .clientBanned(
          client: "\(client)", seconds: Int(rules.ban.wholeSeconds),
          reason: "\(penalty.failedLogins) failed logins"))
    }
    return penalty
  }

  /// SipHash, whose key the standard library draws anew in each process: nothing can be learnt from it
  /// outside, and at 32 bits little inside.
  private static func hash(_ user: String, _ password: [UInt8]) -> UInt32 {
    var hasher = Hasher()
    hasher.combine(user)
    hasher.combine(password)
    return UInt32(truncatingIfNeeded: hasher.finalize())
  }
}
