import Platform
import Testing

@testable import Network

@Suite struct ClientCountsTests {
  @Test("A client has its limit, a trusted one has not, and the total holds for all")
  func limits() throws {
    var counts = ClientCounts(total: 5, perClient: 2)
    let client = IPAddress(v4: 0x0A00_0001)
    #expect(counts.admit(client, .stranger) == .admitted)
    #expect(counts.admit(client, .stranger) == .admitted)
    #expect(counts.admit(client, .stranger) == .tooManyFromClient)
    #expect(counts.admit(client, .trusted) == .admitted)
    #expect(counts.admit(IPAddress(v4: 0x0A00_0002), .stranger) == .admitted)
    #expect(counts.admit(IPAddress(v4: 0x0A00_0003), .stranger) == .full)
    #expect(counts.admit(IPAddress(v4: 0x0A00_0003), .known) == .admitted)
    #expect(counts.admit(IPAddress(v4: 0x0A00_0004), .trusted) == .full)
    for _ in 0..<2 { counts.leave(client) }
    #expect(counts.admit(client, .known) == .admitted)
    #expect(counts.admit(client, .known) == .tooManyFromClient)
    #expect(counts.total == 4)
  }

  @Test("A burst of clients ebbs when three quarters have left, and again when the rest have")
  func ebb() {
    var counts = ClientCounts(total: 100, perClient: 100)
    let client = IPAddress(v4: 0x0A00_0001)
    for _ in 0..<80 { _ = counts.admit(client, .trusted) }
    var ebbs: [Int] = []
    for _ in 0..<80 {
      counts.leave(client)
      if counts.takeEbb() { ebbs.append(counts.total) }
    }
    #expect(ebbs == [20, 5])
    for _ in 0..<10 {
      _ = counts.admit(client, .trusted)
      counts.leave(client)
      let isEbb = counts.takeEbb()
      #expect(!isEbb, "single clients are no burst")
    }
  }

  @Test("The addresses of one IPv6 /64 are one client")
  func v6() throws {
    var counts = ClientCounts(total: 100, perClient: 1)
    let first = try #require(IPAddress("2001:db8::1"))
    let second = try #require(IPAddress("2001:db8::ffff"))
    let other = try #require(IPAddress("2001:db8:0:1::1"))
    #expect(counts.admit(first, .stranger) == .admitted)
    #expect(counts.admit(second, .stranger) == .tooManyFromClient)
    #expect(counts.admit(other, .stranger) == .admitted)
  }

  @Test(
    "Strangers leave a quarter of the room to clients that are known",
    arguments: [(1000, 750), (4, 3), (3, 3), (1, 1)])
  func reserve(total: Int, strangers: Int) {
    var counts = ClientCounts(total: total, perClient: 1)
    var admitted = 0
    for number in 0..<2000 {
      if counts.admit(IPAddress(v4: UInt32(number)), .stranger) == .admitted { admitted += 1 }
    }
    #expect(admitted == strangers)
    let known = counts.admit(IPAddress(v4: 0xC0A8_0105), .known)
    #expect((known == .admitted) == (strangers < total))
  }

  @Test("Who has not shown to be somebody leaves an eighth of the room to those who have")
  func candidates() {
    var counts = ClientCounts(total: 1000, perClient: 48)
    for number in 1...21 {
      for _ in 0..<48 { _ = counts.admit(IPAddress(v4: UInt32(number)), .candidate) }
    }
    for number in 100..<1100 { _ = counts.admit(IPAddress(v4: UInt32(number)), .candidate) }
    #expect(counts.total == 875)
    for number in 0..<125 {
      #expect(counts.admit(IPAddress(v4: UInt32(5000 + number)), .known) == .admitted)
    }
    #expect(counts.admit(IPAddress(v4: 9000), .trusted) == .full)
  }

  @Test("A hundred strangers that take all they can get leave room for the next")
  func fairness() {
    var counts = ClientCounts(total: 1000, perClient: 50)
    for _ in 0..<50 {
      for number in 1...100 { _ = counts.admit(IPAddress(v4: UInt32(number)), .stranger) }
    }
    #expect(counts.total > 700, "what is left is not much")
    #expect(counts.admit(IPAddress(v4: 101), .stranger) == .admitted)
  }

  @Test("A stranger that is alone has what one client may have")
  func alone() {
    var counts = ClientCounts(total: 1000, perClient: 50)
    for _ in 0..<50 { #expect(counts.admit(IPAddress(v4: 1), .stranger) == .admitted) }
  }
}
