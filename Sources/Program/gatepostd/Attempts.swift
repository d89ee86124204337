import EventLoop
import Platform

/// Attempts at something that may work later, such as a port that another program has.
///
/// They cost nothing once one has succeeded. The waits between them double, from a second to a minute or less.
@Loop
struct Attempts {
  private var pause: Duration = .seconds(1)
  private let longestPause: Duration

  init(longestPause: Duration = .seconds(60)) { self.longestPause = longestPause }

  /// Waits until the next attempt is due.
  mutating func wait() async throws(WaitError) {
    try await Loop.shared.eventLoop.sleep(until: .now + pause)
    pause = min(pause * 2, longestPause)
  }

  /// Attempts until it works, or the program stops.
  ///
  /// - Parameter attempt: says whether it works.
  static func repeatUntilDone(_ attempt: @Loop () async -> Bool) async {
    var attempts = Attempts()
    do throws(WaitError) {
      while await !attempt() { try await attempts.wait() }
    } catch {
      // The program stops.
    }
  }
}
