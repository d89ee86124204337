package import Platform

/// A message in the queue, as far as memory holds it.
package struct QueuedMessage: Equatable, Sendable {
  /// The name of its file.
  package let name: MessageFileName
  /// Where its file is.
  package var folder: QueueFolder
  /// How often it was tried since the start of the program.
  package var attempts: UInt8
  /// Whether it was there at the start, and so arrived under another run's clock.
  package let isFound: Bool
  /// The second of the boot clock since which the program knows it.
  private let knownSince: UInt32

  init(
    name: MessageFileName, in folder: QueueFolder, attempts: UInt8 = 0, isFound: Bool = false,
    at now: Instant = .now
  ) {
    self.name = name
    self.folder = folder
    self.attempts = attempts
    self.isFound = isFound
    knownSince = UInt32(clamping: now.nanoseconds / 1_000_000_000)
  }

  /// Whether it was tried before; one that an admin has held and released is taken for such a one.
  package var wasTried: Bool { folder != .new }

  /// How long the program has known the message.
  package func known(at now: Instant) -> Duration {
    .seconds(now.nanoseconds / 1_000_000_000 - Int64(knownSince))
  }
}

/// The messages that wait in the queue, the one that is due first on top.
///
/// **Limits**: 32 bytes a message, so 3.2 MB for 100,000; who waits for how long is on disk.
struct QueueIndex {
  /// A message and when it is due; never, for one that is held.
  struct Entry {
    var due: Instant
    var message: QueuedMessage
  }

  /// A binary min-heap.
  private var entries: [Entry] = []

  var count: Int { entries.count }

  /// When the first message is due; nil for an empty queue.
  var firstDue: Instant? { entries.first?.due }

  /// All of them, in no order.
  var messages: [QueuedMessage] { entries.map(\.message) }

  /// Those that are neither due at `now` nor held, in no order.
  func waiting(at now: Instant) -> [QueuedMessage] {
    entries.lazy.filter { $0.due > now && $0.message.folder != .held }.map(\.message)
  }

  /// How many there are, and how many of them are held and due.
  func counts(at now: Instant) -> QueueCounts {
    entries.reduce(into: QueueCounts()) { counts, entry in
      counts.all += 1
      if entry.message.folder == .held { counts.held += 1 }
      if entry.due <= now { counts.due += 1 }
    }
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

  /// Makes those due at `now` that match and are not held; says which they are, in no order.
  mutating func makeDue(at now: Instant, where matches: (QueuedMessage) -> Bool) -> [QueueID] {
    var found: [QueueID] = []
    for place in entries.indices {
      let message = entries[place].message
      guard message.folder != .held, matches(message) else { continue }
      entries[place].due = min(entries[place].due, now)
      found.append(message.name.id)
    }
    if !found.isEmpty { restoreOrder() }
    return found
  }

  /// Takes out those that match, the oldest first.
  mutating func take(where matches: (QueuedMessage) -> Bool) -> [Entry] {
    let taken = entries.filter { matches($0.message) }
    if taken.isEmpty { return [] }
    entries.removeAll { matches($0.message) }
    restoreOrder()
    return taken.sorted { $0.message.name.id < $1.message.name.id }
  }

  private mutating func restoreOrder() {
    for place in (0..<entries.count / 2).reversed() { sink(from: place) }
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
