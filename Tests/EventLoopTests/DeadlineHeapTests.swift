import Platform
import Testing

@testable import EventLoop

@Suite struct DeadlineHeapTests {
  @Test("Entries leave in order, whichever are removed in between", arguments: 0..<20)
  func order(seed: UInt64) {
    var random = Xorshift(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
    var slots = (0..<200).map { _ in unsafe WaitTable.Slot() }
    var heap = DeadlineHeap()
    var expected: [Int64: Int] = [:]
    for slot in slots.indices {
      let time = Int64(random.next() % 1000)
      heap.insert(
        .init(deadline: Instant(nanoseconds: time), slot: Int32(slot)), tracking: &slots)
      expected[time, default: 0] += 1
      if random.next() % 3 == 0, let first = heap.first {
        // Remove one from the middle by its slot, as a cancelled wait does.
        let victim =
          slots.indices.filter { slots[$0].place >= 0 }
          .randomElement(using: &random) ?? Int(first.slot)
        let place = Int(slots[victim].place)
        expected[heap.deadline(at: place).nanoseconds, default: 0] -= 1
        heap.remove(at: place, tracking: &slots)
        #expect(slots[victim].place == -1)
      }
    }
    var last = Int64.min
    while let first = heap.first {
      #expect(first.deadline.nanoseconds >= last)
      last = first.deadline.nanoseconds
      expected[last, default: 0] -= 1
      heap.remove(at: 0, tracking: &slots)
    }
    #expect(expected.values.allSatisfy { $0 == 0 })
  }
}

struct Xorshift: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
