import EventLoop
import Platform

/// The sessions that wait for another message to the same destination.
///
/// They wait only while the queue has work; when it has none they are closed, so that no timer and
/// no connection outlives a burst.
@Loop
final class HopConnections {
  private var idle: [Hop: [HopSession]] = [:]

  /// An idle session with the destination, the one that was used last.
  func take(_ hop: Hop) -> HopSession? {
    guard let session = idle[hop]?.popLast() else { return nil }
    if idle[hop]?.isEmpty == true { idle[hop] = nil }
    return session
  }

  /// Keeps a session for the next message.
  func put(_ session: HopSession, for hop: Hop) { idle[hop, default: []].append(session) }

  /// Takes out all sessions.
  func takeAll() -> [(hop: Hop, session: HopSession)] {
    defer { idle = [:] }
    return idle.flatMap { hop, sessions in sessions.map { (hop, $0) } }
  }
}
