import Platform

/// A binary min-heap of deadlines from which any entry can be removed.
///
/// A wait that ends early takes its deadline with it: a server whose sessions each wait with a
/// deadline of minutes would otherwise hold one dead entry for every command it ever read.
struct DeadlineHeap {
  struct Entry {
    var deadline: Instant
    var slot: Int32
  }

  private var entries: [Entry] = []

  var first: Entry? { entries.first }
  func deadline(at place: Int) -> Instant { entries[place].deadline }

  mutating func insert(_ entry: Entry, tracking slots: inout [WaitTable.Slot]) {
    entries.append(entry)
    moveUp(entries.count - 1, &slots)
  }

  mutating func remove(at place: Int, tracking slots: inout [WaitTable.Slot]) {
    slots[Int(entries[place].slot)].place = -1
    let last = entries.removeLast()
    guard place < entries.count else { return }
    entries[place] = last
    moveDown(place, &slots)
    moveUp(place, &slots)
  }

  private mutating func moveUp(_ start: Int, _ slots: inout [WaitTable.Slot]) {
    var place = start
    let entry = entries[place]
    while place > 0, entry.deadline < entries[(place - 1) / 2].deadline {
      put(entries[(place - 1) / 2], at: place, &slots)
      place = (place - 1) / 2
    }
    put(entry, at: place, &slots)
  }

  private mutating func moveDown(_ start: Int, _ slots: inout [WaitTable.Slot]) {
    var place = start
    let entry = entries[place]
    while true {
      var child = 2 * place + 1
      if child >= entries.count { break }
      if child + 1 < entries.count, entries[child + 1].deadline < entries[child].deadline {
        child += 1
      }
      if entry.deadline <= entries[child].deadline { break }
      put(entries[child], at: place, &slots)
      place = child
    }
    put(entry, at: place, &slots)
  }

  private mutating func put(_ entry: Entry, at place: Int, _ slots: inout [WaitTable.Slot]) {
    entries[place] = entry
    slots[Int(entry.slot)].place = Int32(place)
  }
}
