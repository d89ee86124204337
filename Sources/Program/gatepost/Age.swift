import Platform

/// A length of time for a list that people read: `40s`, `12min`, `5h`, `3d`.
struct Age: CustomStringConvertible {
  let description: String

  init(_ duration: Duration) { self.init(seconds: duration.wholeSeconds) }

  /// Rounded down; below 0, which only a clock that was set can bring about, it is `0s`.
  init(seconds: Int64) {
    let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "min")]
    let unit = units.first { seconds >= $0.0 } ?? (1, "s")
    description = "\(max(0, seconds) / unit.0)\(unit.1)"
  }
}
