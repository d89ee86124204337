import Testing

@testable import Relaying

@Suite struct RetryScheduleTests {
  private static let minute: Int64 = 60
  private static let now = RetrySchedule.buildTime + 100 * 86_400
  private let schedule = RetrySchedule(
    waits: [5, 10, 20, 40, 60, 120, 240].map { .seconds($0 * Self.minute) },
    lifetime: .seconds(5 * 86_400))

  @Test(
    "Each attempt waits longer than the one before, and the last wait repeats",
    arguments: [
      (0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (5, 120), (6, 240), (7, 240), (99, 240),
    ])
  func row(attempts: Int, minutes: Int64) {
    #expect(
      schedule.wait(attempts: attempts, age: nil, jitter: 0) == .seconds(minutes * Self.minute))
  }

  @Test(
    "After a restart the age tells the place, and later attempts do not fall back behind it",
    arguments: [
      (0, 0, 5), (0, 4, 5), (0, 5, 10), (0, 14, 10), (0, 15, 20), (0, 75, 60), (0, 3 * 1440, 240),
      (1, 3 * 1440, 240), (3, 4, 40), (255, 0, 240),
    ] as [(Int, Int64, Int64)])
  func restart(attempts: Int, ageInMinutes: Int64, minutes: Int64) {
    let wait = schedule.wait(
      attempts: attempts, age: .seconds(ageInMinutes * Self.minute), jitter: 0)
    #expect(wait == .seconds(minutes * Self.minute))
  }

  @Test("Jitter adds up to a tenth and takes nothing away", arguments: [0, 0.25, 0.999])
  func jitter(part: Double) {
    let wait = schedule.wait(attempts: 0, age: nil, jitter: part)
    #expect(wait >= .seconds(300))
    #expect(wait <= .seconds(330))
    #expect((wait == .seconds(300)) == (part == 0))
  }

  @Test("The longest wait is the longest of the list, wherever it stands")
  func longest() {
    let waits: [Duration] = [.seconds(5), .seconds(60), .seconds(10)]
    let schedule = RetrySchedule(waits: waits, lifetime: .seconds(100))
    #expect(schedule.longestWait == .seconds(60))
  }

  @Test(
    "An age is told only where both times can be true",
    arguments: [
      (Self.now - 100, Self.now, 100), (Self.now, Self.now, 0), (Self.now + 1, Self.now, nil),
      (7, Self.now, nil), (7, 100, nil),
    ] as [(Int64, Int64, Int64?)])
  func age(arrived: Int64, now: Int64, seconds: Int64?) {
    #expect(schedule.age(arrived: arrived, now: now) == seconds.map { .seconds($0) })
  }

  struct Life: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var arrived: Int64
    var now: Int64
    var known: Int64
    var isFound: Bool
    var isExpired: Bool
  }

  private static let day: Int64 = 86_400

  @Test(
    "A message ends when it has been tried for its lifetime, whatever the wall clock does",
    arguments: [
      Life(
        testDescription: "before its time", arrived: now - 5 * day + 1, now: now,
        known: 5 * day - 1, isFound: false, isExpired: false),
      Life(
        testDescription: "at its time", arrived: now - 5 * day, now: now, known: 5 * day,
        isFound: false, isExpired: true),
      Life(
        testDescription: "the clock is at 1970", arrived: 7, now: 7 + 6 * day, known: 6 * day,
        isFound: false, isExpired: false),
      Life(
        testDescription: "it came in 1970, and the clock was set", arrived: 7, now: now, known: 60,
        isFound: false, isExpired: false),
      Life(
        testDescription: "the clock jumps ten years ahead", arrived: now, now: now + 3650 * day,
        known: 60, isFound: false, isExpired: false),
      Life(
        testDescription: "it came ten years ahead, and the clock was set back",
        arrived: now + 3650 * day, now: now, known: 5 * day, isFound: false, isExpired: true),
      Life(
        testDescription: "it was found at the start, overdue, and has not been tried long enough",
        arrived: now - 9 * day, now: now, known: 3599, isFound: true, isExpired: false),
      Life(
        testDescription: "it was found at the start, and is overdue", arrived: now - 5 * day,
        now: now, known: 3600, isFound: true, isExpired: true),
      Life(
        testDescription: "it was found at the start, not overdue", arrived: now - 4 * day,
        now: now, known: day / 2, isFound: true, isExpired: false),
      Life(
        testDescription: "it was found at the start, from 1970", arrived: 7, now: now,
        known: day, isFound: true, isExpired: false),
      Life(
        testDescription: "it was found at the start, from the future", arrived: now + day,
        now: now, known: 5 * day, isFound: true, isExpired: true),
    ])
  func expiry(life: Life) {
    let isExpired = schedule.isExpired(
      arrived: life.arrived, now: life.now, known: .seconds(life.known), isFound: life.isFound)
    #expect(isExpired == life.isExpired)
  }
}
