import Testing

@testable import Platform

@Suite struct DailyWindowTests {
  @Test(
    "A window is open from its first second to its last, also over midnight",
    arguments: [
      (22 * 60, 6 * 60, 21 * 3600 + 3599, 1), (22 * 60, 6 * 60, 22 * 3600, 0),
      (22 * 60, 6 * 60, 0, 0), (22 * 60, 6 * 60, 6 * 3600 - 1, 0),
      (22 * 60, 6 * 60, 6 * 3600, 16 * 3600), (8 * 60, 9 * 60, 8 * 3600 - 1, 1),
      (8 * 60, 9 * 60, 8 * 3600, 0), (8 * 60, 9 * 60, 9 * 3600, 23 * 3600),
      (8 * 60, 9 * 60, 86_399, 8 * 3600 + 1), (0, 1, 0, 0), (0, 1, 60, 86_340),
      (1439, 0, 86_399, 0), (1439, 0, 0, 86_340),
    ])
  func wait(opening: Int, closing: Int, second: Int, seconds: Int) throws {
    let window = try #require(DailyWindow(opening: opening, closing: closing))
    #expect(window.wait(atSecond: second) == .seconds(seconds))
  }

  @Test("No second of a day is further from an opening than a day")
  func bound() throws {
    let window = try #require(DailyWindow(opening: 90, closing: 91))
    for second in 0..<86_400 {
      #expect((.zero ..< .seconds(86_400)).contains(window.wait(atSecond: second)))
    }
  }

  @Test("What is no part of a day is none", arguments: [(0, 0), (-1, 5), (1440, 5), (5, 1440)])
  func refused(opening: Int, closing: Int) {
    #expect(DailyWindow(opening: opening, closing: closing) == nil)
  }

  @Test("It is written as in the configuration, and the clock has a second of the day")
  func text() {
    #expect(DailyWindow(opening: 22 * 60 + 5, closing: 6 * 60)?.description == "22:05-06:00")
    #expect((0..<86_400).contains(WallClock.localSecondOfDay))
  }
}
