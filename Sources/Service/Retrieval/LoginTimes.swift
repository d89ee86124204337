import Platform

/// When users have logged in last: a pure value, to which the time is told.
///
/// **Limits**: `limit` users; the one whose login is the oldest makes room.
struct LoginTimes {
  static let limit = 256

  private var times: [String: Instant] = [:]

  /// Whether a user has logged in less than `delay` ago.
  func isTooSoon(_ user: String, delay: Duration, at now: Instant) -> Bool {
    times[user].map { now < $0 + delay } ?? false
  }

  /// Notes a login.
  mutating func note(_ user: String, at now: Instant) {
    if times[user] == nil, times.count >= Self.limit,
      let oldest = times.min(by: { $0.value < $1.value })
    {
      times[oldest.key] = nil
    }
    times[user] = now
  }
}
