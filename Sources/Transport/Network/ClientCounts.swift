package import Platform

/// How many connections are open, in all and for each client.
///
/// The last quarter of the room is for clients that are known: however many strangers come, from
/// however many addresses, a device of the house gets in at once. And no stranger has more than half of
/// what is left for them: a hundred that take all they can get leave room for the next one.
package struct ClientCounts {
  /// Whether a new connection may stay.
  package enum Admission: Equatable, Sendable {
    case admitted
    /// The server has as many connections as it may have.
    case full
    /// What is left is for clients that are known.
    case fullForStrangers
    /// The client has as many as one client may have.
    case tooManyFromClient

    /// Why the connection may not stay, for the log; nil if it may.
    var refusal: String? {
      switch self {
      case .admitted: nil
      case .full: "too many connections in all"
      case .fullForStrangers: "too many connections in all; the rest is for known clients"
      case .tooManyFromClient: "too many connections from this client"
      }
    }
  }

  private var counts: [IPAddress: Int] = [:]
  /// All open connections.
  package private(set) var total = 0
  /// The most connections at once since the last ebb.
  private var peak = 0
  private let totalLimit: Int
  private let strangerLimit: Int
  private let clientLimit: Int

  /// Counts up to `total` connections, and up to `perClient` of one client.
  package init(total: Int, perClient: Int) {
    totalLimit = total
    strangerLimit = total - total / 4
    clientLimit = perClient
  }

  /// Counts a new connection, if it may stay; one of a trusted client is only counted in the total.
  package mutating func admit(_ client: IPAddress, _ standing: ClientStanding) -> Admission {
    if total >= totalLimit { return .full }
    if standing == .stranger && total >= strangerLimit { return .fullForStrangers }
    let key = client.client
    let count = counts[key, default: 0]
    if standing != .trusted && count >= clientLimit { return .tooManyFromClient }
    let rest = strangerLimit - total
    if standing == .stranger && count > (rest + 1) / 2 { return .tooManyFromClient }
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
