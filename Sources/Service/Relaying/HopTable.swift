import Mail
import Platform

/// What is known of the destinations: which could not be reached a short while ago, and how many
/// connections each has.
///
/// **Limits**: `Limits.connections` in all, those of its route to one destination or what it takes if
/// that is less, and a single one until it has been of use: a server that is down or mute is found out
/// once, however many messages wait for it. `Limits.deadHops` failures are remembered until the destination
/// takes mail again.
struct HopTable {
  private struct Places {
    var taken = 0
    /// What it takes, as far as it has shown.
    var limit = Int.max
  }

  private var dead: [Hop: (until: Instant, reason: String)] = [:]
  private var places: [Hop: Places] = [:]
  /// Where a message has had an answer, and none has failed to reach it since.
  private var useful: Set<Hop> = []
  /// How many places are taken, in all.
  private(set) var taken = 0

  /// Why nothing is sent there now; nil if there is no reason.
  ///
  /// While one message finds out whether a destination is still down, the others need not wait for that:
  /// another server may stand in.
  func obstacle(to hop: Hop, at now: Instant) -> String? {
    guard let entry = dead[hop], entry.until > now || places[hop] != nil else { return nil }
    return entry.reason
  }

  /// What is sent nothing now, and why.
  func putOff(at now: Instant) -> [(destination: String, reason: String)] {
    dead.filter { $0.value.until > now }.map { ($0.key.description, $0.value.reason) }
      .sorted { $0.destination < $1.destination }
  }

  /// Forgets that destinations are down.
  mutating func forgetFailures(where matches: (Hop) -> Bool) {
    dead = dead.filter { !matches($0.key) }
  }

  /// How many more places could be taken.
  ///
  /// - Parameter limit: the connections that the route allows.
  func freePlaces(_ hop: Hop, limit: Int) -> Int {
    let share: Int
    if useful.contains(hop) {
      let entry = places[hop] ?? Places()
      share = min(entry.limit, limit) - entry.taken
    } else {
      // Sessions under older settings count: a mute server is no other for them.
      let others = places.filter { $0.key.isSameDestination(as: hop) }
      share = 1 - others.values.reduce(0) { $0 + $1.taken }
    }
    return max(0, min(share, Limits.connections - taken))
  }

  /// Takes a place for a connection, if one is free.
  mutating func takePlace(_ hop: Hop, limit: Int = Limits.connectionsPerHop) -> Bool {
    guard freePlaces(hop, limit: limit) > 0 else { return false }
    var entry = places[hop] ?? Places()
    entry.taken += 1
    places[hop] = entry
    taken += 1
    return true
  }

  /// Gives the place of a connection back.
  mutating func freePlace(_ hop: Hop) {
    guard let entry = places[hop] else { return }
    places[hop] = entry.taken > 1 ? entry : nil
    places[hop]?.taken -= 1
    taken -= 1
  }

  /// Forgets where messages have had an answer, as after a while nobody knows.
  mutating func forgetUse() { useful = [] }

  /// Notes that a message has had an answer, whatever it was; says whether the destination was down
  /// before.
  @discardableResult
  mutating func noteUse(_ hop: Hop) -> Bool {
    if useful.count >= Limits.usefulHops { useful = [] }
    useful.insert(hop)
    return dead.removeValue(forKey: hop) != nil
  }

  /// Notes that nothing came of a connection; it still has its place.
  ///
  /// A destination that has other sessions of ours is up and wants no more of them; it keeps those.
  ///
  /// - Parameter pause: how long nothing is sent to a destination that is down.
  /// - Returns: whether it is down.
  mutating func noteFailure(
    _ hop: Hop, reason: String, at now: Instant, pause: Duration
  ) -> Bool {
    if let entry = places[hop], entry.taken > 1 {
      places[hop]?.limit = entry.taken - 1
      return false
    }
    if dead[hop] == nil, dead.count >= Limits.deadHops,
      let first = dead.min(by: { $0.value.until < $1.value.until })
    {
      dead[first.key] = nil
    }
    useful.remove(hop)
    dead[hop] = (now + pause, String(escaping: reason.utf8, limit: Limits.reasonBytes))
    return true
  }
}
