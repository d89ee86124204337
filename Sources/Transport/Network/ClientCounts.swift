package import Platform

/// Connections that are open, in all and for each client.
///
/// The last quarter of the places is kept from strangers, and the last eighth from all who have not shown
/// that they are somebody: however many addresses hold on to connections, a device of the house gets in.
/// And no client of the two classes has more than half of what is left for its class: a hundred that take all
/// they can get leave room for the next one.
package struct ClientCounts {
  /// The answer to a new connection.
  package enum Admission: Equatable, Sendable {
    case admitted
    /// There is no place for a client of its class.
    case full
    /// The client has as many as one client may have.
    case tooManyFromClient
  }

  private var counts: [IPAddress: Int] = [:]
  /// All open connections.
  package private(set) var total = 0
  /// The most connections at once since the last ebb.
  private var peak = 0
  private let totalLimit: Int
  private let clientLimit: Int

  /// Counts up to `total` connections, and up to `perClient` of one client.
  package init(total: Int, perClient: Int) {
    totalLimit = total
    clientLimit = perClient
  }

  /// The connections in all with which there is no place left for a client of that standing.
  private func limit(_ standing: ClientStanding) -> Int {
    switch standing {
    case .stranger: totalLimit - totalLimit / 4
    case .candidate: totalLimit - totalLimit / 8
    case .known, .trusted: totalLimit
    }
  }

  /// Counts a new connection, if it may stay; one of a trusted client is only counted in the total.
  package mutating func admit(_ client: IPAddress, _ standing: ClientStanding) -> Admission {
    let key = client.client
    let count = counts[key, default: 0]
    if standing != .trusted && count >= clientLimit { return .tooManyFromClient }
    let rest = max(0, limit(standing) - total)
    if standing < .known && count > (rest + 1) / 2 { return .tooManyFromClient }
    if rest == 0 { return .full }
    counts[key] = count + 1
    total += 1
    peak = max(peak, total)
    return .admitted
  }

  /// Forgets a connection that was admitted.
  package mutating func leave(_ client: IPAddress) {
    let key = client.client
    total -= 1
    if let count = counts[key] { counts[key] = count > 1 ? count - 1 : nil }
  }

  /// Whether the connections have fallen to a quarter of what they were; says so once.
  package mutating func takeEbb() -> Bool {
    guard peak >= Self.burst, total <= peak / 4 else { return false }
    peak = total
    return true
  }

  /// Fewer connections than this leave nothing behind that is worth a look.
  private static let burst = 16
}
