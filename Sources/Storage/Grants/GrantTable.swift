package import Platform

/// The grants in memory: a pure value, to which the time is told.
///
/// Expiry is looked at when a grant is used, never by a job that could fail to run.
///
/// **Limits**: `limit` grants in all and `userLimit` for one user; beyond it the grant that ends first
/// makes room, so a new login always gets its grant.
package struct GrantTable: Sendable {
  /// The longest window that can be configured: a grant that claims more is void.
  package static let longestWindow: Duration = .seconds(24 * 3600)
  /// Grants in all.
  package static let limit = 1024
  /// Grants of one user: a person has a phone, a PC, a laptop, and each with a few addresses.
  package static let userLimit = 16

  /// The grants in force and those that have ended since they were last looked at.
  package private(set) var grants: [Grant] = []

  package init() {}

  /// Whether something was changed that a reader of the file must see at once.
  package enum Change: Equatable, Sendable {
    /// A new grant.
    case made
    /// A known one ends later.
    case extended
  }

  /// Gives `address` the right to send as `user` for `window`.
  package mutating func grant(
    _ address: IPAddress, user: String, how: String, credential: String? = nil, window: Duration,
    at now: GrantTime
  ) -> Change {
    let end = now.boot + min(window, Self.longestWindow)
    let expires = now.wall + min(window, Self.longestWindow).wholeSeconds
    removeExpired(at: now)
    if let place = grants.firstIndex(where: { $0.address == address && $0.user == user }) {
      grants[place].end = end
      grants[place].expires = expires
      grants[place].how = how
      grants[place].credential = credential
      return .extended
    }
    makeRoom(for: user)
    grants.append(
      Grant(
        address: address, user: user, how: how, credential: credential, made: now.wall,
        expires: expires, end: end))
    return .made
  }

  /// Has a grant that is alive end `window` from now; says whether there is one.
  package mutating func extend(
    _ address: IPAddress, user: String, window: Duration, at now: GrantTime
  ) -> Bool {
    let place = grants.firstIndex {
      $0.address == address && $0.user == user && $0.end > now.boot
    }
    guard let place else { return false }
    let window = min(window, Self.longestWindow)
    grants[place].end = now.boot + window
    grants[place].expires = now.wall + window.wholeSeconds
    return true
  }

  /// The grant of the address that ends last, if one is alive.
  package func grant(of address: IPAddress, at now: GrantTime) -> Grant? {
    grants.filter { $0.address == address && $0.end > now.boot }.max { $0.end < $1.end }
  }

  /// Ends all grants of a user; says whether there were any.
  package mutating func revoke(user: String) -> Bool {
    let before = grants.count
    grants.removeAll { $0.user == user }
    return grants.count < before
  }

  /// Forgets the grants that have ended; says whether there were any.
  @discardableResult
  package mutating func removeExpired(at now: GrantTime) -> Bool {
    let before = grants.count
    grants.removeAll { $0.end <= now.boot }
    return grants.count < before
  }

  /// Takes in a grant from the file.
  mutating func restore(_ grant: Grant) {
    if grants.count < Self.limit { grants.append(grant) }
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
