import Platform
import Testing

@testable import Grants

@Suite struct FileScheduleTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)

  @Test("What others must see is due at once, what only moves times in a minute")
  func due() {
    var schedule = FileSchedule()
    #expect(schedule.due == nil && !schedule.isDirty)
    schedule.note(isUrgent: false, at: start)
    schedule.note(isUrgent: false, at: start + .seconds(50))
    #expect(schedule.due == start + .seconds(60))
    schedule.note(isUrgent: true, at: start + .seconds(55))
    #expect(schedule.due.map { $0 <= start + .seconds(55) } == true)
  }

  @Test("A write takes all that was noted, and what comes during it waits for the next")
  func begin() {
    var schedule = FileSchedule()
    schedule.note(isUrgent: true, at: start)
    _ = schedule.begin()
    #expect(schedule.due == nil && !schedule.isDirty)
    schedule.note(isUrgent: false, at: start + .seconds(1))
    #expect(schedule.due == start + .seconds(61))
  }

  @Test("A write that fails is tried again after five seconds, as urgent as it was")
  func failure() {
    for isUrgent in [true, false] {
      var schedule = FileSchedule()
      schedule.note(isUrgent: isUrgent, at: start)
      let begun = schedule.begin()
      let now = start + .seconds(70)
      schedule.failed(begun, at: now)
      #expect(schedule.isDirty)
      #expect(schedule.due == now + .seconds(5))
    }
  }
}
