package import Platform

/// A message in the queue, as far as memory holds it.
package struct QueuedMessage: Equatable, Sendable {
  /// The name of its file.
  package let name: MessageFileName
  /// Whether the file is in `cur`: the message was tried before.
  package var wasTried: Bool
  /// How often it was tried since the start of the program.
  package var attempts: UInt8
  /// Whether it was there at the start, and so arrived under another run's clock.
  package let isFound: Bool
  /// The second of the boot clock since which the program knows it.
  private let knownSince: UInt32

  init(
    name: MessageFileName, wasTried: Bool, attempts: UInt8, isFound: Bool = false,
    at now: Instant = .now
  ) {
    self.name = name
    self.wasTried = wasTried
    self.attempts = attempts
    self.isFound = isFound
    knownSince = UInt32(clamping: now.nanoseconds / 1_000_000_000)
  }

  /// How long the program has known the message.
  package func known(at now: Instant) -> Duration {
    .seconds(now.nanoseconds / 1_000_000_000 - Int64(knownSince))
  }
}

/// The messages that wait in the queue, the one that is due first on top.
///
/// **Limits**: 32 bytes a message, so 3.2 MB for 100,000; who waits for how long is on disk.
struct QueueIndex {
  private struct Entry {
    var due: Instant
    var message: QueuedMessage
  }

  /// A binary min-heap.
  private var entries: [Entry] = []

  var count: Int { entries.count }

  /// When the first message is due; nil for an empty queue.
  var firstDue: Instant? { entries.first?.due }

  /// Those that are not due at `now`, in no order.
  func waiting(at now: Instant) -> [QueuedMessage] {
    entries.lazy.filter { $0.due > now }.map(\.message)
  }

  mutating func reserve(_ count: Int) { entries.reserveCapacity(count) }

  mutating func insert(_ message: QueuedMessage, due: Instant) {
    entries.append(Entry(due: due, message: message))
    var place = entries.count - 1
    while place > 0, Self.isBefore(entries[place], entries[(place - 1) / 2]) {
      entries.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  /// Takes out the first message that is due at `now`.
  mutating func takeDue(at now: Instant) -> QueuedMessage? {
    guard let first = entries.first, first.due <= now else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink()
    }
    return first.message
  }

  /// Makes those due at `now` that wait for longer and match; says how many they are.
  mutating func makeDue(at now: Instant, where matches: (QueuedMessage) -> Bool) -> Int {
    var count = 0
    for place in entries.indices
    where entries[place].due > now && matches(entries[place].message) {
      entries[place].due = now
      count += 1
    }
    if count > 0 { for place in (0..<entries.count / 2).reversed() { sink(from: place) } }
    return count
  }

  private mutating func sink(from start: Int = 0) {
    var place = start
    while true {
      var child = 2 * place + 1
      if child >= entries.count { return }
      if child + 1 < entries.count, Self.isBefore(entries[child + 1], entries[child]) { child += 1 }
      if !Self.isBefore(entries[child], entries[place]) { return }
      entries.swapAt(place, child)
      place = child
    }
  }

  /// Equal times leave in the order of arrival.
  private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
    left.due == right.due ? left.message.name.id < right.message.name.id : left.due < right.due
  }
}
