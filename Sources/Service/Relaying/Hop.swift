import Platform

/// The next server for some recipients: a smarthost, or the MX hosts of their domain.
struct Hop: Hashable, Sendable, CustomStringConvertible {
  /// The smarthost's name and port, or the recipients' domain.
  let description: String
  /// The domain of the recipients; nil for the smarthost.
  let domain: String?
}

/// One address of a server, with the name its certificate must be for.
struct HopAddress: Hashable, Sendable {
  let host: String
  let address: SocketAddress
}

/// What is known of the destinations: which could not be reached a short while ago, and how many
/// connections each has.
struct HopTable {
  private var dead: [Hop: (until: Instant, reason: String)] = [:]
  private var connections: [Hop: Int] = [:]

  /// Why nothing is sent there now; nil if there is no reason.
  func obstacle(to hop: Hop, at now: Instant) -> String? {
    guard let entry = dead[hop], entry.until > now else { return nil }
    return entry.reason
  }

  /// Remembers that the hop could not be reached, for `pause`.
  mutating func noteFailure(_ hop: Hop, reason: String, at now: Instant, pause: Duration) {
    dead = dead.filter { $0.value.until > now }
    if dead.count >= Limits.deadHops { return }
    dead[hop] = (now + pause, reason)
  }

  mutating func noteSuccess(_ hop: Hop) { dead[hop] = nil }

  /// Forgets all failures: the network is back, or the admin wants it tried.
  mutating func forgetFailures() { dead = [:] }

  /// Takes a place for a connection, if one is free.
  mutating func takePlace(_ hop: Hop) -> Bool {
    let count = connections[hop, default: 0]
    if count >= Limits.connectionsPerHop { return false }
    connections[hop] = count + 1
    return true
  }

  mutating func freePlace(_ hop: Hop) {
    guard let count = connections[hop] else { return }
    connections[hop] = count > 1 ? count - 1 : nil
  }
}
