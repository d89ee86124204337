package import Platform

/// The grants in memory: a pure value, to which the time is told.
///
/// Expiry is looked at when a grant is used, never by a job that could fail to run. One that has ended
/// is remembered, so that its address can be told what to do.
///
/// **Limits**: `limits`, for grants that are alive. Beyond them the grant that would end first ends now, so
/// that a new login always gets its grant. Of those that have ended as many are remembered as may be alive,
/// the latest ones.
package struct GrantTable: Sendable {
  /// The longest window that can be configured: a grant that claims more is void.
  package static let longestWindow: Duration = .seconds(24 * 3600)
  /// How long it is remembered that an address had a grant.
  package static let memory: Duration = .seconds(30 * 24 * 3600)

  /// How many grants may be alive.
  package var limits = GrantRules.Limits()
  /// The grants in force and those that have ended a while ago.
  package private(set) var grants: [Grant] = []

  package init() {}

  /// Gives the right of `grant` anew: what was sent with it before is forgotten.
  ///
  /// - Returns: whether the address had no such right until now, and what had to end for it.
  package mutating func give(
    _ grant: Grant, at now: GrantTime
  ) -> (isNew: Bool, displaced: Displaced?) {
    removeForgotten(at: now)
    guard let place = place(of: grant.address, grant.user), grants[place].isAlive(at: now) else {
      return (true, set(grant, at: now))
    }
    grants[place] = Grant(
      address: grant.address, user: grant.user, how: grant.how, made: grants[place].made,
      end: grant.end, hardware: grant.hardware, credential: grant.credential)
    return (false, nil)
  }

  /// Has a grant end at `end`, be it one that has ended by itself; nil if there is none.
  ///
  /// - Returns: whether it was alive, and what had to end for it.
  package mutating func extend(
    _ address: IPAddress, user: String, until end: Instant, at now: GrantTime
  ) -> (wasAlive: Bool, displaced: Displaced?)? {
    guard let place = place(of: address, user) else { return nil }
    var grant = grants[place]
    let wasAlive = grant.isAlive(at: now)
    grant.end = end
    return (wasAlive, set(grant, at: now))
  }

  /// The grants that are alive and meant, of which that comes first that ends last.
  package func living(at now: GrantTime, where isMeant: (Grant) -> Bool) -> [Grant] {
    grants.filter { $0.isAlive(at: now) && isMeant($0) }.sorted { $0.end > $1.end }
  }

  /// The grants that have ended and are meant, the latest end first.
  package func past(at now: GrantTime, where isMeant: (Grant) -> Bool) -> [Grant] {
    grants.filter { !$0.isAlive(at: now) && $0.end + Self.memory > now.boot && isMeant($0) }
      .sorted { $0.end > $1.end }
  }

  /// Whether the grant of this address and user is alive.
  func isAlive(_ grant: Grant, at now: GrantTime) -> Bool {
    place(of: grant.address, grant.user).map { grants[$0].isAlive(at: now) } ?? false
  }

  /// Puts a grant in the place of the one of its address and user, or adds it; returns what had to end for it.
  package mutating func set(_ grant: Grant, at now: GrantTime) -> Displaced? {
    var displaced: Displaced?
    let place = place(of: grant.address, grant.user)
    if grant.isAlive(at: now), !(place.map { grants[$0].isAlive(at: now) } ?? false) {
      displaced = makeRoom(at: now, for: grant.user)
    }
    if let place { grants[place] = grant } else { grants.append(grant) }
    forgetMany(at: now)
    return displaced
  }

  /// A grant that ended because there were too many.
  package struct Displaced: Equatable, Sendable {
    /// The grant.
    package let grant: Grant
    /// Whether its user had too many, and not all users together.
    package let isOfUser: Bool
  }

  /// Ends what is over limits that have become lower.
  mutating func keepLimits(at now: GrantTime) -> [Displaced] {
    var displaced: [Displaced] = []
    // First what a user has too many of, which makes room for the others.
    for user in Set(grants.map(\.user)).sorted() {
      while let one = displace(at: now, of: user, beyond: limits.perUser) { displaced.append(one) }
    }
    while let one = displace(at: now, of: nil, beyond: limits.total) { displaced.append(one) }
    forgetMany(at: now)
    return displaced
  }

  /// Changes the ends of the grants that are alive.
  mutating func changeEnds(at now: GrantTime, _ change: (Instant) -> Instant) {
    for place in grants.indices where grants[place].isAlive(at: now) {
      grants[place].end = change(grants[place].end)
    }
  }

  /// Ends grants that are alive, and remembers them.
  mutating func end(at now: GrantTime, where isMeant: (Grant) -> Bool) {
    for place in grants.indices where grants[place].isAlive(at: now) && isMeant(grants[place]) {
      grants[place].end = now.boot
    }
  }

  /// Counts a recipient for a grant.
  mutating func count(_ grant: Grant, isFirstOfMessage: Bool) {
    guard let place = place(of: grant.address, grant.user) else { return }
    if isFirstOfMessage { grants[place].sent.messages += 1 }
    grants[place].sent.recipients += 1
  }

  /// Takes grants away, and forgets that there were any; says whether some were alive.
  package mutating func remove(at now: GrantTime, where isMeant: (Grant) -> Bool) -> Bool {
    let some = grants.contains { isMeant($0) && $0.isAlive(at: now) }
    grants.removeAll(where: isMeant)
    return some
  }

  /// Forgets what has ended long ago.
  package mutating func removeForgotten(at now: GrantTime) {
    grants.removeAll { $0.end + Self.memory <= now.boot }
  }

  private func place(of address: IPAddress, _ user: String) -> Int? {
    grants.firstIndex { $0.address == address && $0.user == user }
  }

  /// Has room for one more grant of a user.
  private mutating func makeRoom(at now: GrantTime, for user: String) -> Displaced? {
    displace(at: now, of: user, beyond: limits.perUser - 1)
      ?? displace(at: now, of: nil, beyond: limits.total - 1)
  }

  /// Ends the grant that would end first if a user, or all users together, have more than so many.
  private mutating func displace(
    at now: GrantTime, of user: String?, beyond limit: Int
  ) -> Displaced? {
    let living = grants.indices.filter {
      grants[$0].isAlive(at: now) && (user == nil || grants[$0].user == user)
    }
    guard living.count > limit, let first = living.min(by: { grants[$0].end < grants[$1].end })
    else { return nil }
    grants[first].end = now.boot
    return Displaced(grant: grants[first], isOfUser: user != nil)
  }

  /// Forgets those that ended first where there are too many of them.
  private mutating func forgetMany(at now: GrantTime) {
    let past = grants.indices.filter { !grants[$0].isAlive(at: now) }
    let excess = past.count - limits.total
    if excess <= 0 { return }
    let oldest = Set(past.sorted { grants[$0].end < grants[$1].end }.prefix(excess))
    grants = grants.indices.filter { !oldest.contains($0) }.map { grants[$0] }
  }
}
