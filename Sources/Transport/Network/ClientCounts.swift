package import Platform

/// How many connections are open, in all and for each client.
///
/// An IPv6 client is its /64: a single host there has as many addresses as it likes.
package struct ClientCounts {
  /// Whether a new connection may stay.
  package enum Admission: Equatable, Sendable {
    case admitted
    /// The server has as many connections as it may have.
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

  /// Counts a new connection, if it may stay; one of a trusted client is only counted in the total.
  package mutating func admit(_ client: IPAddress, isTrusted: Bool) -> Admission {
    if total >= totalLimit { return .full }
    let key = Self.key(client)
    let count = counts[key, default: 0]
    if !isTrusted && count >= clientLimit { return .tooManyFromClient }
    counts[key] = count + 1
    total += 1
    peak = max(peak, total)
    return .admitted
  }

  /// Forgets a connection that was admitted.
  package mutating func leave(_ client: IPAddress) {
    let key = Self.key(client)
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

  private static func key(_ client: IPAddress) -> IPAddress {
    client.isV4 ? client : IPNetwork(client, prefix: 64)?.address ?? client
  }
}
