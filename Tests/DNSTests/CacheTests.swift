import Platform
import Testing

@testable import DNS

@Suite struct CacheTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func question(_ name: String) throws -> Question {
    Question(name: try #require(DomainName(name)), type: .mx)
  }

  private func finding(_ seconds: UInt32, _ content: Finding.Content) -> Finding {
    Finding(content: content, timeToLive: seconds, isAuthenticated: false)
  }

  private let host = Finding.Content.records(
    .exchanges([MXRecord(preference: 10, exchange: "mx.example")]))

  @Test(
    "An answer holds as long as it says, but within limits",
    arguments: [
      (300, true, 300), (0, true, 5), (1_000_000, true, 86_400), (300, false, 300),
      (1_000_000, false, 900),
    ])
  func times(timeToLive: Int, isPositive: Bool, held: Int) throws {
    var cache = Cache()
    let question = try question("a.example")
    cache.insert(
      finding(UInt32(timeToLive), isPositive ? host : .noSuchName), for: question, at: start)
    let last = start + .seconds(held) + .nanoseconds(-1)
    #expect(cache.finding(for: question, at: last) != nil)
    #expect(cache.finding(for: question, at: start + .seconds(held)) == nil)
  }

  @Test("A held answer says how much of its time is left")
  func timeLeft() throws {
    var cache = Cache()
    let question = try question("a.example")
    cache.insert(finding(300, host), for: question, at: start)
    #expect(cache.finding(for: question, at: start + .seconds(100))?.timeToLive == 200)
  }

  @Test("An answer that says there is nothing, without a time, is not held")
  func unproven() throws {
    var cache = Cache()
    let question = try question("a.example")
    cache.insert(finding(0, .noData), for: question, at: start)
    #expect(cache.finding(for: question, at: start) == nil)
    #expect(cache.bytes == 0)
  }

  @Test("A newer answer takes the place of the older one, also when it cannot be held")
  func replacement() throws {
    var cache = Cache()
    let question = try question("a.example")
    cache.insert(finding(300, host), for: question, at: start)
    let bytes = cache.bytes
    cache.insert(finding(300, host), for: question, at: start)
    #expect(cache.bytes == bytes)
    cache.insert(finding(0, .noData), for: question, at: start)
    #expect(cache.count == 0)
  }

  @Test("A full cache drops what has ended, then what ends first")
  func eviction() throws {
    var cache = Cache()
    let names = try (0...Limits.cacheEntries).map { try question("host\($0).example") }
    for (index, name) in names.dropLast().enumerated() {
      cache.insert(finding(UInt32(100 + index), host), for: name, at: start)
    }
    #expect(cache.count == Limits.cacheEntries)
    cache.insert(finding(1000, host), for: names[Limits.cacheEntries], at: start)
    #expect(cache.count == Limits.cacheEntries)
    #expect(cache.finding(for: names[0], at: start) == nil)
    #expect(cache.finding(for: names[1], at: start) != nil)

    let later = start + .seconds(200)
    cache.insert(finding(1000, host), for: names[0], at: later)
    #expect(cache.count == Limits.cacheEntries - 100 + 1)
  }

  @Test("Large answers are bounded by bytes, and one that is too large is not held")
  func size() throws {
    var cache = Cache()
    let text = Finding.Content.records(.texts([[UInt8](repeating: 1, count: 8 << 10)]))
    for number in 0..<20 {
      cache.insert(finding(300, text), for: try question("host\(number).example"), at: start)
      #expect(cache.bytes <= Limits.cacheBytes)
    }
    #expect(cache.count == 7)
    let huge = Finding.Content.records(.texts([[UInt8](repeating: 1, count: 17 << 10)]))
    cache.insert(finding(300, huge), for: try question("huge.example"), at: start)
    #expect(cache.count == 7)
  }
}
