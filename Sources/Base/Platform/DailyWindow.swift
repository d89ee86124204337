/// A part of every day, by the local clock: `22:00-06:00`.
package struct DailyWindow: Hashable, Sendable, CustomStringConvertible {
  /// The minute of the day at which it opens.
  package let opening: Int
  /// The minute of the day at which it closes; before the opening if it holds midnight.
  package let closing: Int

  private static let minutes = 24 * 60

  /// The window between two minutes of the day; nil if they are none, or the same.
  package init?(opening: Int, closing: Int) {
    let day = 0..<Self.minutes
    guard day.contains(opening), day.contains(closing), opening != closing else { return nil }
    self.opening = opening
    self.closing = closing
  }

  /// How long it is to the next opening; zero while the window is open.
  ///
  /// - Parameter second: the second of the local day. On the day that the clocks change the answer is
  ///   an hour off: ask again before long.
  package func wait(atSecond second: Int) -> Duration {
    let sinceOpening = (second - opening * 60 + 86_400) % 86_400
    let length = (closing - opening + Self.minutes) % Self.minutes * 60
    return sinceOpening < length ? .zero : .seconds(86_400 - sinceOpening)
  }

  package var description: String { "\(Self.text(opening))-\(Self.text(closing))" }

  private static func text(_ minute: Int) -> String {
    [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}
