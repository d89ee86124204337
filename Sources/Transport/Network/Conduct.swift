package import EventLoop
internal import Log
package import Platform

/// What keeps bad clients from hurting good ones: shared by all listeners and their sessions.
///
/// Clients in trusted networks are waited upon and not turned away: neither their connections nor
/// their commands are counted, and their failed logins are answered late but bring no ban. Behind one
/// address of such a network there may be many devices, and one that loops with a wrong password
/// must not silence the others; a guesser there gets two answers a minute.
@Loop
package final class Conduct {
  /// The rules, replaced as a whole when the configuration is read again.
  package var rules: ClientRules
  private let standing: @Loop (IPAddress) -> ClientStanding
  private var records = ClientRecords()
  private var delayedSessions = 0

  /// - Parameter standing: tells how far a client is known at this moment.
  package init(_ rules: ClientRules, standing: @escaping @Loop (IPAddress) -> ClientStanding) {
    self.rules = rules
    self.standing = standing
  }

  /// How far the client is known at this moment.
  package func standing(of client: IPAddress) -> ClientStanding { standing(client) }

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

  /// Forgives the failed logins of the client, which has proved to be somebody.
  ///
  /// Limitation: who has a password may guess those of others in between, with the delay of the first
  /// failure alone.
  package func noteLogin(of client: IPAddress) { records.noteLogin(of: client) }

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
    guard let delay = penalty.delay, delayedSessions < Limits.delayedSessions else { return false }
    delayedSessions += 1
    defer { delayedSessions -= 1 }
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
    let penalty = records.noteFailedLogin(
      of: client, password.map { Self.hash(user, $0) }, mayBan: standing(client) != .trusted, rules,
      at: .now)
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
