import Platform

/// When a message that could not be delivered is tried again, and when it is given up.
package struct RetrySchedule: Sendable {
  private let waits: [Duration]
  private let lifetime: Duration
  /// Before this Unix time the wall clock is not believed: it is older than the program.
  private let earliestTime: Int64

  /// 2026-01-01: no board whose clock says less has had it set.
  package static let buildTime: Int64 = 1_767_225_600

  package init(waits: [Duration], lifetime: Duration, earliestTime: Int64 = buildTime) {
    precondition(!waits.isEmpty, "there is a wait between two attempts")
    self.waits = waits
    self.lifetime = lifetime
    self.earliestTime = earliestTime
  }

  /// The longest wait: nothing in the queue is planned later than this.
  package var longestWait: Duration { waits.reduce(waits[0], max) }

  /// How long ago a message arrived, by the wall clock; nil where that cannot be told.
  ///
  /// - Parameters:
  ///   - arrived: Unix time of arrival.
  ///   - now: Unix time.
  package func age(arrived: Int64, now: Int64) -> Duration? {
    arrived >= earliestTime && now >= arrived ? .seconds(now - arrived) : nil
  }

  /// The wait after an attempt that failed.
  ///
  /// - Parameters:
  ///   - attempts: how many attempts were made before in this run of the program.
  ///   - age: the time since arrival, which tells the place in the schedule after a restart; nil if it
  ///     is not known, and for a message that was never tried.
  ///   - jitter: a number in 0..<1 that spreads messages which failed together: up to a tenth more.
  package func wait(attempts: Int, age: Duration?, jitter: Double) -> Duration {
    let wait = waits[min(max(attempts, step(at: age ?? .zero)), waits.count - 1)]
    return wait + wait / 10 * jitter
  }

  /// The place in the schedule that a message of this age has reached.
  private func step(at age: Duration) -> Int {
    var passed = Duration.zero
    for (step, wait) in waits.enumerated() {
      passed += wait
      if passed > age { return step }
    }
    return waits.count - 1
  }

  /// Whether a message has waited for so long that its sender should know.
  ///
  /// For the parameters see `isExpired`.
  package func isDelayed(arrived: Int64, now: Int64, known: Duration, isFound: Bool) -> Bool {
    if known >= Limits.unreportedDelay { return true }
    guard isFound, let age = age(arrived: arrived, now: now) else { return false }
    return age >= Limits.unreportedDelay
  }

  /// Whether a message is too old to be tried again.
  ///
  /// What the program has seen for itself counts first: a wall clock that jumps by years, as when a
  /// board without a battery learns the time, expires nothing. Only for a message that was there at
  /// the start it must be believed, and not before the message has been tried for a while.
  ///
  /// - Parameters:
  ///   - arrived: Unix time of arrival.
  ///   - now: Unix time.
  ///   - known: how long the program has known the message, by the clock that never jumps.
  ///   - isFound: whether it was there at the start.
  package func isExpired(arrived: Int64, now: Int64, known: Duration, isFound: Bool) -> Bool {
    if now < earliestTime { return false }
    if known >= lifetime { return true }
    guard isFound, known >= Limits.settling, let age = age(arrived: arrived, now: now) else {
      return false
    }
    return age >= lifetime
  }
}
