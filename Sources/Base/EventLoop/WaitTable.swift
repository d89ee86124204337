import Platform

/// Why a wait ended without what it waited for.
package enum WaitError: Error, Equatable, Sendable {
  /// The deadline has passed.
  case timedOut
  /// The task was cancelled.
  case cancelled
  /// The program is about to stop and the wait was one that may be interrupted.
  case draining
}

/// The waits in progress: who waits for which descriptor, until when.
///
/// A slot is 40 bytes and is used again, so the table is as large as the most waits there ever were.
struct WaitTable {
  enum Direction { case reading, writing }

  @safe struct Slot {
    var continuation: UnsafeContinuation<WaitError?, Never>?
    var descriptor: Int32 = -1
    var direction = Direction.reading
    var isInterruptible = false
    var isCancelled = false
    /// The place in `deadlines`, or -1.
    var place: Int32 = -1
  }

  /// What is known of one descriptor.
  private struct Waiting {
    /// The slot of the task that waits to read, or -1.
    var reader: Int32 = -1
    /// The slot of the task that waits to write, or -1.
    var writer: Int32 = -1
    /// Whether an event came while nobody waited: it will not come again, so the next wait ends.
    var isReadable = false, isWritable = false
  }

  private(set) var slots: [Slot] = []
  private var free: [Int32] = []
  private var waiting: [Waiting] = []
  private var deadlines = DeadlineHeap()

  var firstDeadline: Instant? { deadlines.first?.deadline }

  /// Takes a slot, before there is a continuation to put into it.
  mutating func open(isInterruptible: Bool) -> Int {
    let slot: Int
    if let last = free.popLast() {
      slot = Int(last)
    } else {
      slot = slots.count
      slots.append(Slot())
    }
    slots[slot] = unsafe Slot(isInterruptible: isInterruptible)
    return slot
  }

  mutating func close(_ slot: Int) { free.append(Int32(slot)) }

  mutating func begin(
    _ slot: Int, _ continuation: UnsafeContinuation<WaitError?, Never>, deadline: Instant
  ) {
    unsafe slots[slot].continuation = unsafe continuation
    if deadline != .distantFuture {
      deadlines.insert(.init(deadline: deadline, slot: Int32(slot)), tracking: &slots)
    }
  }

  /// Forgets what happened to an earlier descriptor of this number.
  mutating func register(_ descriptor: Int32) {
    let number = Int(descriptor)
    while waiting.count <= number { waiting.append(Waiting()) }
    waiting[number] = Waiting()
  }

  /// Makes `slot` wait for the descriptor; says whether an event has come already.
  mutating func attach(_ slot: Int, to descriptor: Int32, _ direction: Direction) -> Bool {
    let number = Int(descriptor)
    slots[slot].descriptor = descriptor
    slots[slot].direction = direction
    switch direction {
    case .reading:
      precondition(waiting[number].reader < 0, "one reader waits for a descriptor")
      if waiting[number].isReadable {
        waiting[number].isReadable = false
        return true
      }
      waiting[number].reader = Int32(slot)
    case .writing:
      precondition(waiting[number].writer < 0, "one writer waits for a descriptor")
      if waiting[number].isWritable {
        waiting[number].isWritable = false
        return true
      }
      waiting[number].writer = Int32(slot)
    }
    return false
  }

  /// Ends the wait in `slot`; nothing happens if it has ended already.
  mutating func end(_ slot: Int, with error: WaitError?) {
    guard let continuation = unsafe slots[slot].continuation else { return }
    unsafe slots[slot].continuation = nil
    if slots[slot].place >= 0 { deadlines.remove(at: Int(slots[slot].place), tracking: &slots) }
    let number = Int(slots[slot].descriptor)
    if number >= 0 {
      switch slots[slot].direction {
      case .reading: waiting[number].reader = -1
      case .writing: waiting[number].writer = -1
      }
    }
    unsafe continuation.resume(returning: error)
  }

  mutating func cancel(_ slot: Int) {
    slots[slot].isCancelled = true
    end(slot, with: .cancelled)
  }

  mutating func wake(descriptor: Int32, readers: Bool, writers: Bool) {
    let number = Int(descriptor)
    guard number < waiting.count else { return }
    let reader = Int(waiting[number].reader)
    let writer = Int(waiting[number].writer)
    if readers {
      if reader >= 0 { end(reader, with: nil) } else { waiting[number].isReadable = true }
    }
    if writers {
      if writer >= 0 { end(writer, with: nil) } else { waiting[number].isWritable = true }
    }
  }

  mutating func wakeExpired(at now: Instant) {
    while let first = deadlines.first, first.deadline <= now {
      end(Int(first.slot), with: .timedOut)
    }
  }

  mutating func wakeInterruptible() {
    for slot in slots.indices where slots[slot].isInterruptible { end(slot, with: .draining) }
  }
}
