import Platform

/// When the next message may go to each destination whose messages are to keep a distance.
///
/// **Limits**: `Limits.pacedHops` destinations; of one more, that whose turn came first is forgotten.
struct Turns {
  /// Mail that must not leave in clear takes turns with the rest.
  private var next: [Hop: Instant] = [:]

  /// When the next message may go there.
  func next(_ hop: Hop) -> Instant { next[hop.anyTLS] ?? Instant(nanoseconds: 0) }

  /// Takes the turn, if it has come.
  mutating func take(_ hop: Hop, interval: Duration, at now: Instant) -> Bool {
    if interval == .zero { return true }
    let hop = hop.anyTLS
    guard next(hop) <= now else { return false }
    if next[hop] == nil, next.count >= Limits.pacedHops,
      let first = next.min(by: { $0.value < $1.value })
    {
      next[first.key] = nil
    }
    next[hop] = now + interval
    return true
  }

  /// Gives back a turn of which nothing came, unless another has been taken since.
  ///
  /// - Parameter following: when the next would have been.
  mutating func giveBack(_ hop: Hop, _ following: Instant) {
    if next(hop) == following { next[hop.anyTLS] = nil }
  }
}

extension Hop {
  /// The same whatever TLS its messages want or have.
  fileprivate var anyTLS: Hop {
    var hop = self
    hop.requiresTLS = false
    hop.isInClear = false
    return hop
  }
}
