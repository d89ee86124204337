import Platform
import Testing

@testable import Spool

@Suite struct QueueIndexTests {
  private func message(_ counter: UInt32) -> QueuedMessage {
    let name = MessageFileName(id: SpoolScratch.id(counter), bytes: 1, wireBytes: 2)
    return QueuedMessage(
      name: name, in: .new, at: Instant(nanoseconds: 0))
  }

  @Test("Messages come out in the order of their times, whatever order they went in")
  func order() {
    var generator = Xorshift(state: 88_172_645_463_325_252)
    for size in [0, 1, 2, 3, 10, 257] {
      var index = QueueIndex()
      let times = (0..<size).map { _ in Int64(generator.next() % 100) }
      for (number, time) in times.enumerated() {
        index.insert(message(UInt32(number)), due: Instant(nanoseconds: time))
      }
      #expect(index.count == size)
      #expect(index.firstDue == times.min().map(Instant.init(nanoseconds:)))
      var expected = times.enumerated().map { ($1, UInt32($0)) }.sorted(by: <)[...]
      while let next = index.takeDue(at: .distantFuture) {
        #expect(next == expected.popFirst().map { message($0.1) })
      }
      #expect(expected.isEmpty)
    }
  }

  @Test("A message is not given out before its time")
  func notBefore() {
    var index = QueueIndex()
    index.insert(message(1), due: Instant(nanoseconds: 10))
    #expect(index.takeDue(at: Instant(nanoseconds: 9)) == nil)
    #expect(index.count == 1)
    #expect(index.takeDue(at: Instant(nanoseconds: 10)) == message(1))
    #expect(index.count == 0)
  }

  @Test("A line is left in the order of arrival, and whoever goes back is the first again")
  func lines() {
    var index = QueueIndex()
    for number in UInt32(0)..<100 { index.park(message(number), inLine: 1, atFront: false) }
    index.park(message(200), inLine: 2, atFront: true)
    #expect(index.count == 101)
    #expect(index.count(inLine: 1) == 100)
    #expect(index.firstDue == nil)
    for number in UInt32(0)..<70 {
      #expect(index.takeParked(inLine: 1) == message(number))
      index.park(message(number), inLine: 1, atFront: true)
      #expect(index.takeParked(inLine: 1) == message(number))
    }
    index.park(message(300), inLine: 1, atFront: false)
    for number in UInt32(70)..<100 { #expect(index.takeParked(inLine: 1) == message(number)) }
    #expect(index.takeParked(inLine: 1) == message(300))
    #expect(index.takeParked(inLine: 1) == nil)
    #expect(index.takeParked(inLine: 3) == nil)
    #expect(index.count == 1)
  }

  @Test("Messages are taken out of the middle of lines, and the others keep their places")
  func takenOutOfLines() {
    var index = QueueIndex()
    for number in UInt32(0)..<10 {
      index.park(message(number), inLine: Int(number % 3), atFront: false)
    }
    #expect(index.takeParked(inLine: 0) == message(0))
    let now = Instant(nanoseconds: 5)
    let out = Set([UInt32(2), 3, 5, 8].map { message($0) }.map(\.name.id))
    let taken = index.take(at: now) { out.contains($0.name.id) }
    #expect(Set(taken.map(\.message.name.id)) == out && taken.count == 4)
    #expect(taken.allSatisfy { $0.due == now })
    #expect(index.count == 5)
    #expect(index.count(inLine: 2) == 0)
    #expect(index.takeParked(inLine: 2) == nil)
    for number in [UInt32(6), 9] { #expect(index.takeParked(inLine: 0) == message(number)) }
    for number in [UInt32(1), 4, 7] { #expect(index.takeParked(inLine: 1) == message(number)) }
    #expect(index.count == 0)
  }

  @Test("How long a message is known is told by the clock that never jumps")
  func known() {
    let name = MessageFileName(id: SpoolScratch.id(1), bytes: 1, wireBytes: 2)
    let start = Instant(nanoseconds: 1_500_000_000)
    let message = QueuedMessage(name: name, in: .new, at: start)
    #expect(!message.isFound)
    #expect(message.known(at: start) == .zero)
    #expect(message.known(at: start + .seconds(86_400)) == .seconds(86_400))
  }

  @Test("An entry is as small as the budget for 100,000 messages says")
  func size() { #expect(MemoryLayout<(Instant, QueuedMessage)>.stride <= 32) }
}

/// Numbers that look random and are the same in each run.
private struct Xorshift {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
