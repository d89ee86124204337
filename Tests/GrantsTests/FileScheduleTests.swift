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

  @Test("A write that fails is tried again, as urgent as it was, and ever later, but not too late")
  func failure() {
    for isUrgent in [true, false] {
      var schedule = FileSchedule()
      schedule.note(isUrgent: isUrgent, at: start)
      var now = start + .seconds(70)
      for seconds in [5, 10, 20, 40, 80, 160, 320, 320] {
        schedule.failed(schedule.begin(), at: now)
        #expect(schedule.isDirty)
        #expect(schedule.due == now + .seconds(seconds))
        now = now + .seconds(seconds)
      }
      // Who was overtaken need not wait so long.
      schedule.overtaken(schedule.begin(), at: now)
      #expect(schedule.due == now + .seconds(5))
      schedule.resume()
      #expect(schedule.due.map { $0 <= now } == true)
      schedule.failed(schedule.begin(), at: now)
      #expect(schedule.due == now + .seconds(5))
    }
  }
}
