package import Platform

/// A message in the queue, as far as memory holds it.
package struct QueuedMessage: Equatable, Sendable {
  /// The name of its file.
  package let name: MessageFileName
  /// Where its file is.
  package var folder: QueueFolder
  /// How often it was tried since the start of the program.
  package var attempts: UInt8
  /// Whether it is tried ahead of its time, as an admin or a server that is up again has it: such an attempt is no step.
  package internal(set) var isAhead = false
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
/// A message whose destination has no place for it stands in a line, first come, first served, until it
/// is called.
///
/// **Limits**: 32 bytes a message, so 3.2 MB for 100,000; who waits for how long is on disk.
struct QueueIndex {
  /// A message and when it is due; never, for one that is held.
  struct Entry {
    var due: Instant
    var message: QueuedMessage
  }

  /// For how many messages an empty queue keeps room.
  private static let keptCapacity = 1024

  /// A binary min-heap.
  private var entries: [Entry] = []

  /// The lines by their numbers; none is empty.
  private var lines: [Int: Line] = [:]

  /// Those that stand in a line.
  private struct Line {
    var messages: [QueuedMessage]
    /// How many of them have left already.
    var head = 0

    var count: Int { messages.count - head }
  }

  var count: Int { lines.values.reduce(entries.count) { $0 + $1.count } }

  /// When the first message is due; nil for an empty queue.
  var firstDue: Instant? { entries.first?.due }

  /// All of them, in no order.
  var messages: [QueuedMessage] {
    entries.map(\.message) + lines.values.flatMap { $0.messages[$0.head...] }
  }

  /// Those that are neither due at `now` nor held, in no order.
  func waiting(at now: Instant) -> [QueuedMessage] {
    entries.lazy.filter { $0.due > now && $0.message.folder != .held }.map(\.message)
  }

  /// How many there are, and how many of them are held and due; those in lines are.
  func counts(at now: Instant) -> QueueCounts {
    var counts = QueueCounts(all: count)
    counts.held = entries.count { $0.message.folder == .held }
    counts.due = count - entries.count { $0.due > now }
    return counts
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
    } else if entries.capacity > Self.keptCapacity {
      // What a long queue took goes back when it has been emptied.
      entries = []
    }
    return first.message
  }

  /// Makes those due at `now` that match and are not held; says which they are, in no order.
  ///
  /// Those in lines are due already, and stay there.
  mutating func makeDue(at now: Instant, where matches: (QueuedMessage) -> Bool) -> [QueueID] {
    var found: [QueueID] = []
    for line in lines.values {
      for message in line.messages[line.head...] where matches(message) {
        found.append(message.name.id)
      }
    }
    for place in entries.indices {
      let message = entries[place].message
      guard message.folder != .held, matches(message) else { continue }
      if entries[place].due > now {
        entries[place].due = now
        entries[place].message.isAhead = true
      }
      found.append(message.name.id)
    }
    if !found.isEmpty { restoreOrder() }
    return found
  }

  /// Takes out those that match, in no order; those in lines are due at `now`.
  mutating func take(at now: Instant, where matches: (QueuedMessage) -> Bool) -> [Entry] {
    var taken: [Entry] = []
    entries.removeAll { entry in
      guard matches(entry.message) else { return false }
      taken.append(entry)
      return true
    }
    if !taken.isEmpty { restoreOrder() }
    for (number, line) in lines {
      let standing = line.messages[line.head...]
      let found = standing.filter(matches)
      if found.isEmpty { continue }
      taken += found.map { Entry(due: now, message: $0) }
      let rest = standing.filter { !matches($0) }
      lines[number] = rest.isEmpty ? nil : Line(messages: rest)
    }
    return taken
  }

  private mutating func restoreOrder() {
    for place in (0..<entries.count / 2).reversed() { sink(from: place) }
  }

  // MARK: Lines

  /// How many messages stand in a line.
  func count(inLine number: Int) -> Int { lines[number]?.count ?? 0 }

  /// Puts a message at the end of a line, or back to its front.
  mutating func park(_ message: QueuedMessage, inLine number: Int, atFront: Bool) {
    guard var line = lines.removeValue(forKey: number) else {
      lines[number] = Line(messages: [message])
      return
    }
    if !atFront {
      line.messages.append(message)
    } else if line.head > 0 {
      line.head -= 1
      line.messages[line.head] = message
    } else {
      line.messages.insert(message, at: 0)
    }
    lines[number] = line
  }

  /// Takes the first message of a line.
  mutating func takeParked(inLine number: Int) -> QueuedMessage? {
    guard var line = lines.removeValue(forKey: number) else { return nil }
    let message = line.messages[line.head]
    line.head += 1
    if line.count == 0 { return message }
    if line.head >= 32 && line.head > line.count {
      line.messages.removeFirst(line.head)
      line.head = 0
    }
    lines[number] = line
    return message
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
