import Platform

/// How fast a peer sends, to find one that dribbles in order to hold its connection for hours.
///
/// Only the time is counted in which the peer was waited for, so that a slow disk of ours is not held
/// against it. The minutes follow each other: a peer has fallen short for less than two when it is
/// found. One that says nothing at all is the business of the deadline of the wait.
package struct DataRate: Sendable {
  private let bytesPerSecond: Int
  private var bytes = 0
  private var waited: Duration = .zero

  private static let minute: Duration = .seconds(60)

  /// A peer that has to send so much, over any minute.
  package init(minimum bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

  /// Counts what has come after a wait; says whether the peer is too slow.
  package mutating func isTooSlow(after bytes: Int, waited: Duration) -> Bool {
    self.bytes += bytes
    self.waited += waited
    guard self.waited >= Self.minute else { return false }
    defer { (self.bytes, self.waited) = (0, .zero) }
    return self.bytes / Int(self.waited.wholeSeconds) < bytesPerSecond
  }
}
