import EventLoop

/// The sessions that wait for another message to the same destination.
///
/// They wait only while the queue has work; when it has none they are closed, so that no timer and
/// no connection outlives a burst.
///
/// **Limits**: `Limits.idleConnections`; a queue full of mail for many domains keeps the latest.
@Loop
final class HopConnections {
  /// The one that has waited longest first.
  private var idle: [(hop: Hop, session: HopSession)] = []

  /// An idle session with the destination, the one that was used last.
  func take(_ hop: Hop) -> HopSession? {
    guard let place = idle.lastIndex(where: { $0.hop == hop }) else { return nil }
    return idle.remove(at: place).session
  }

  /// How many idle sessions there are with the destination.
  func count(_ hop: Hop) -> Int { idle.count { $0.hop == hop } }

  /// Keeps a session for the next message.
  ///
  /// - Returns: the session that had to make room for it.
  func put(_ session: HopSession, for hop: Hop) -> (hop: Hop, session: HopSession)? {
    idle.append((hop, session))
    return idle.count > Limits.idleConnections ? idle.removeFirst() : nil
  }

  /// Takes out all sessions.
  func takeAll() -> [(hop: Hop, session: HopSession)] {
    defer { idle = [] }
    return idle
  }
}
