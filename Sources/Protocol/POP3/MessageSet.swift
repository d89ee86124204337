/// A set of messages of one maildrop, one bit each.
package struct MessageSet: Equatable, Sendable {
  private var words: [UInt64]
  /// How many messages are in the set.
  package private(set) var count = 0

  /// An empty set for a maildrop of so many messages.
  package init(messageCount: Int) {
    words = Array(repeating: 0, count: (messageCount + 63) / 64)
  }

  /// Whether the message is in the set.
  package func contains(_ index: Int) -> Bool {
    words[index / 64] & Self.bit(index) != 0
  }

  /// Adds a message.
  package mutating func insert(_ index: Int) {
    guard !contains(index) else { return }
    words[index / 64] |= Self.bit(index)
    count += 1
  }

  private static func bit(_ index: Int) -> UInt64 { 1 << UInt64(index % 64) }
}

extension MessageSet: Sequence {
  /// The indices of the messages in the set, in order.
  package func makeIterator() -> Iterator { Iterator(words: words) }

  /// Goes through the set bit by bit.
  package struct Iterator: IteratorProtocol {
    private let words: [UInt64]
    private var position = 0
    private var rest: UInt64

    init(words: [UInt64]) {
      self.words = words
      rest = words.first ?? 0
    }

    package mutating func next() -> Int? {
      while rest == 0 {
        position += 1
        guard position < words.count else { return nil }
        rest = words[position]
      }
      let bit = rest.trailingZeroBitCount
      rest &= rest - 1
      return position * 64 + bit
    }
  }
}
