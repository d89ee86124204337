import Testing

@testable import Network

@Suite struct DataRateTests {
  @Test(
    "A peer is too slow when a minute of waiting has brought less than its bytes",
    arguments: [(3839, true), (3840, false), (0, true), (1_000_000, false)])
  func boundary(bytes: Int, isTooSlow: Bool) {
    var rate = DataRate(minimum: 64)
    #expect(rate.isTooSlow(after: bytes, waited: .milliseconds(59_999)) == false)
    #expect(rate.isTooSlow(after: 0, waited: .milliseconds(1)) == isTooSlow)
  }

  @Test("What came in one minute does not count for the next")
  func minutes() {
    var rate = DataRate(minimum: 64)
    #expect(rate.isTooSlow(after: 1_000_000, waited: .seconds(60)) == false)
    #expect(rate.isTooSlow(after: 1, waited: .seconds(30)) == false)
    #expect(rate.isTooSlow(after: 1, waited: .seconds(30)) == true)
  }

  @Test("Time in which nobody waited for the peer is not held against it")
  func ownDelay() {
    var rate = DataRate(minimum: 64)
    for _ in 0..<10_000 { #expect(rate.isTooSlow(after: 1, waited: .zero) == false) }
  }

  @Test("A wait longer than a minute is measured as a whole")
  func longWait() {
    var rate = DataRate(minimum: 64)
    #expect(rate.isTooSlow(after: 64 * 170, waited: .seconds(170)) == false)
    #expect(rate.isTooSlow(after: 64 * 170 - 1, waited: .seconds(170)) == true)
  }
}
