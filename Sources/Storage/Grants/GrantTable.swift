package import Platform

/// The grants in memory: a pure value, to which the time is told.
///
/// Expiry is looked at when a grant is used, never by a job that could fail to run. One that has ended
/// is remembered, so that its address can be told what to do.
///
/// **Limits**: `limit` grants in all and `userLimit` for one user, those that have ended included; beyond
/// it the one that ends first makes room, so a new login always gets its grant.
package struct GrantTable: Sendable {
  /// The longest window that can be configured: a grant that claims more is void.
  package static let longestWindow: Duration = .seconds(24 * 3600)
  /// How long it is remembered that an address had a grant.
  package static let memory: Duration = .seconds(30 * 24 * 3600)
  /// Grants in all.
  package static let limit = 1024
  /// Grants of one user: a person has a phone, a PC, a laptop, and each with a few addresses.
  package static let userLimit = 16

  /// The grants in force and those that have ended a while ago.
  package private(set) var grants: [Grant] = []

  package init() {}

  /// Gives the right of `grant` anew: what was sent with it before is forgotten.
  ///
  /// - Returns: whether the address had no such right until now.
  package mutating func give(_ grant: Grant, at now: GrantTime) -> Bool {
    removeForgotten(at: now)
    if let place = place(of: grant.address, grant.user) {
      let wasAlive = grants[place].isAlive(at: now)
      let made = wasAlive ? grants[place].made : grant.made
      grants[place] = Grant(
        address: grant.address, user: grant.user, how: grant.how, made: made, end: grant.end,
        hardware: grant.hardware, credential: grant.credential)
      return !wasAlive
    }
    set(grant)
    return true
  }

  /// Has a grant end at `end`, be it one that has ended by itself; returns whether it was alive, nil if there
  /// is none.
  package mutating func extend(
    _ address: IPAddress, user: String, until end: Instant, at now: GrantTime
  ) -> Bool? {
    guard let place = place(of: address, user) else { return nil }
    let wasAlive = grants[place].isAlive(at: now)
    grants[place].end = end
    return wasAlive
  }

  /// The grant that ends last of those that are alive and meant.
  package func living(at now: GrantTime, where isMeant: (Grant) -> Bool) -> Grant? {
    grants.filter { $0.isAlive(at: now) && isMeant($0) }.max { $0.end < $1.end }
  }

  /// The grant that has ended last of those that are meant, if none of them is alive.
  package func past(at now: GrantTime, where isMeant: (Grant) -> Bool) -> Grant? {
    let last = grants.filter(isMeant).max { $0.end < $1.end }
    return last.flatMap { $0.isAlive(at: now) || $0.end + Self.memory <= now.boot ? nil : $0 }
  }

  /// Puts a grant in the place of the one of its address and user, or adds it.
  package mutating func set(_ grant: Grant) {
    if let place = place(of: grant.address, grant.user) {
      grants[place] = grant
    } else {
      makeRoom(for: grant.user)
      grants.append(grant)
    }
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

  private mutating func makeRoom(for user: String) {
    let own = grants.indices.filter { grants[$0].user == user }
    let candidates = own.count >= Self.userLimit ? own : Array(grants.indices)
    guard own.count >= Self.userLimit || grants.count >= Self.limit,
      let first = candidates.min(by: { grants[$0].end < grants[$1].end })
    else { return }
    grants.remove(at: first)
  }
}
