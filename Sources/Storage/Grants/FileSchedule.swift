import Platform

/// When the file of the grants is to be written: a pure value, to which the time is told.
///
/// What others must see is written at once. What only moves an end or a count waits for more of the
/// kind, so that flash is written once a minute at most for it.
struct FileSchedule {
  /// How long a change that is not urgent may wait.
  static let coalescing: Duration = .seconds(60)
  /// How long after a failure it is tried again; twice as long after each other one.
  static let firstRetry: Duration = .seconds(5)
  /// How long at most.
  static let longestRetry: Duration = .seconds(320)

  private var firstChange: Instant?
  /// Whether others must see the change.
  private(set) var isUrgent = false
  private var notBefore = Instant(nanoseconds: 0)
  private var nextRetry = firstRetry

  /// Notes that the file is not what it should be.
  mutating func note(isUrgent: Bool, at now: Instant) {
    firstChange = firstChange ?? now
    if isUrgent { self.isUrgent = true }
  }

  /// Whether something has not been written.
  var isDirty: Bool { firstChange != nil }

  /// When to write; nil when there is nothing to write.
  var due: Instant? {
    firstChange.map { max(isUrgent ? $0 : $0 + Self.coalescing, notBefore) }
  }

  /// Begins a write: what is noted from now on is not in it.
  mutating func begin() -> FileSchedule {
    let before = self
    firstChange = nil
    isUrgent = false
    return before
  }

  /// Takes back a write that has failed.
  mutating func failed(_ begun: FileSchedule, at now: Instant) {
    takeBack(begun, until: now + nextRetry)
    nextRetry = min(nextRetry * 2, Self.longestRetry)
  }

  /// Takes back a write before which somebody else has changed the file.
  mutating func overtaken(_ begun: FileSchedule, at now: Instant) {
    takeBack(begun, until: now + Self.firstRetry)
  }

  private mutating func takeBack(_ begun: FileSchedule, until retry: Instant) {
    isUrgent = isUrgent || begun.isUrgent
    firstChange = begun.firstChange ?? firstChange
    notBefore = retry
  }

  /// Notes that nothing is known to stand in the way any more.
  mutating func resume() {
    nextRetry = Self.firstRetry
    notBefore = Instant(nanoseconds: 0)
  }
}
