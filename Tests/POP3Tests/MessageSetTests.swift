import Testing

@testable import POP3

struct MessageSetTests {
  @Test(
    arguments: [[], [0], [63], [64], [0, 63, 64, 127, 128, 199], Array(0..<200)])
  func `A set gives back what went in, in order`(indices: [Int]) {
    var set = MessageSet(messageCount: 200)
    for index in indices.reversed() { set.insert(index) }
    #expect(Array(set) == indices)
    #expect(set.count == indices.count)
    #expect((0..<200).filter(set.contains) == indices)
  }

  @Test func `A message counts once`() {
    var set = MessageSet(messageCount: 1)
    set.insert(0)
    set.insert(0)
    #expect(set.count == 1)
  }

  @Test func `An empty maildrop has an empty set`() {
    #expect(Array(MessageSet(messageCount: 0)).isEmpty)
  }
}
