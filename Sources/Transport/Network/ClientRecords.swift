package import Platform

/// What clients have done in the last minutes: a pure value, to which the time is told.
///
/// Rates are counted in windows of a minute, which begin with a client's first deed. Failed logins are
/// counted as long as each comes within the time of a ban after the one before; a login that
/// succeeds forgives them, and the same wrong pair of user and password counts once: a telephone
/// with an old password must not shut out its household. Nothing is gained by trying it again.
///
/// **Limits**: `Limits.clientRecords` clients. When there are more the one with the fewest failed
/// logins that has been known for longest is forgotten, a banned one last. Records that say nothing
/// any more go once a minute, when a new client comes; no timer does it.
///
/// Limitation: who has a larger network than a /64 can be as many clients.
package struct ClientRecords {
  /// Why a connection is refused.
  package enum Refusal: Equatable, Sendable {
    case banned(failedLogins: Int)
    case tooManyConnections(Int)
  }

  /// What a failed login brings.
  package struct Penalty: Equatable, Sendable {
    /// How late it is answered; nil where the client is banned and the session ends.
    package var delay: Duration?
    /// Whether this failure is the one that brings the ban.
    package var beginsBan = false
    /// Whether the client has tried the same user with the same password before.
    package var isRepeated = false
    /// Failed logins that count.
    package var failedLogins: Int
  }

  /// Sorted by the client.
  private var records: [ClientRecord] = []
  private var nextSweep = Instant(nanoseconds: 0)

  package init() {}

  /// How many clients are remembered.
  package var count: Int { records.count }

  /// Counts a connection; nil if it may stay.
  package mutating func noteConnection(
    of client: IPAddress, _ rules: ClientRules, at now: Instant
  ) -> Refusal? {
    withRecord(of: client, at: now) { record in
      let connections = record.countConnection()
      if record.isBanned { return .banned(failedLogins: Int(record.failedLogins)) }
      guard let limit = rules.connectionsPerMinute, connections > limit else { return nil }
      return .tooManyConnections(limit)
    }
  }

  /// Counts a command; says whether there may be that many.
  package mutating func noteCommand(
    of client: IPAddress, _ rules: ClientRules, at now: Instant
  ) -> Bool {
    guard let limit = rules.commandsPerMinute else { return true }
    return withRecord(of: client, at: now) { $0.countCommand() <= limit }
  }

  /// Counts a failed login.
  ///
  /// - Parameters:
  ///   - pair: a keyed hash of the user and the password; nil where the password stays unknown.
  ///   - isRepeated: whether it is taken for a guess that was counted before.
  ///   - mayBan: whether so many of them bring a ban.
  package mutating func noteFailedLogin(
    of client: IPAddress, _ pair: UInt32?, isRepeated: Bool = false, mayBan: Bool,
    _ rules: ClientRules, at now: Instant
  ) -> Penalty {
    withRecord(of: client, at: now) { record in
      let isCounted = !isRepeated && record.countFailure(pair, until: now + rules.ban)
      var penalty = Penalty(isRepeated: !isCounted, failedLogins: Int(record.failedLogins))
      if mayBan && isCounted && !record.isBanned && penalty.failedLogins >= rules.failedLogins {
        record.ban()
        penalty.beginsBan = true
      }
      if !record.isBanned {
        penalty.delay = Self.delay(after: penalty.failedLogins, first: rules.loginDelay)
      }
      return penalty
    }
  }

  /// Whether the client is banned.
  package func isBanned(_ client: IPAddress, at now: Instant) -> Bool {
    let place = place(of: client.client)
    guard place < records.count, records[place].client == client.client else { return false }
    return records[place].isBanned(at: now)
  }

  /// Forgives the failed logins, for the client is somebody; a ban is served to its end.
  package mutating func noteLogin(of client: IPAddress) {
    let place = place(of: client.client)
    guard place < records.count, records[place].client == client.client else { return }
    if !records[place].isBanned { records[place].forgive() }
  }

  /// Whether a refusal of the client is to be logged: one in a minute is.
  package mutating func takeReport(of client: IPAddress, at now: Instant) -> Bool {
    withRecord(of: client, at: now) { $0.takeReport() }
  }

  /// The first delay, then twice as long each time, up to the longest.
  private static func delay(after failures: Int, first: Duration) -> Duration {
    // So many doublings make the shortest delay the longest, and none overflows.
    min(first * (1 << min(max(failures - 1, 0), 16)), Limits.loginDelay)
  }

  // MARK: The table

  private mutating func withRecord<Result>(
    of client: IPAddress, at now: Instant, _ body: (inout ClientRecord) -> Result
  ) -> Result {
    let key = client.client
    var place = place(of: key)
    if place == records.count || records[place].client != key {
      makeRoom(at: now)
      place = self.place(of: key)
      records.insert(ClientRecord(key, at: now), at: place)
    }
    records[place].advance(to: now)
    return body(&records[place])
  }

  /// Where the record of the client is, or would be.
  private func place(of key: IPAddress) -> Int {
    var range = 0..<records.count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range =
        records[middle].client < key
        ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  private mutating func makeRoom(at now: Instant) {
    if now >= nextSweep {
      nextSweep = now + Limits.window
      // A new array, so that the memory of a flood goes with it.
      records = records.filter { $0.isOfUse(at: now) }
    }
    guard records.count >= Limits.clientRecords else { return }
    let least = records.indices.min { records[$0].weight(at: now) < records[$1].weight(at: now) }
    if let least { records.remove(at: least) }
  }
}
