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

  /// The wait after an attempt that failed.
  ///
  /// - Parameters:
  ///   - attempts: how many attempts were made before in this run of the program.
  ///   - age: the seconds since arrival, which tell the place in the schedule after a restart.
  ///   - jitter: a number in 0..<1 that spreads messages which failed together: up to a tenth more.
  package func wait(attempts: Int, age: Int64, jitter: Double) -> Duration {
    var step = attempts
    if attempts == 0 {
      var passed: Int64 = 0
      while step < waits.count - 1 {
        passed += waits[step].wholeSeconds
        if passed > age { break }
        step += 1
      }
    }
    let wait = waits[min(step, waits.count - 1)]
    return wait + wait / 10 * jitter
  }

  /// Whether a message is too old to be tried again.
  ///
  /// A clock that is obviously wrong expires nothing: it boots in 1970 on boards without a battery.
  ///
  /// - Parameters:
  ///   - arrived: Unix time of arrival.
  ///   - now: Unix time.
  package func isExpired(arrived: Int64, now: Int64) -> Bool {
    arrived >= earliestTime && now >= earliestTime && now - arrived >= lifetime.wholeSeconds
  }
}
