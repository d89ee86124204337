package import Platform

extension EventLoop {
  /// Returns when the descriptor may have something to read, or at once for no reason.
  ///
  /// - Parameters:
  ///   - descriptor: the number of a registered descriptor that stays open during the wait.
  ///   - isInterruptible: whether the wait ends with `.draining` when the program is to stop.
  @Loop
  package func waitUntilReadable(
    _ descriptor: Int32, until deadline: Instant, isInterruptible: Bool = false
  ) async throws(WaitError) {
    try await wait(
      for: descriptor, .reading, until: deadline, isInterruptible: isInterruptible)
  }

  /// Returns when the kernel may take something to write, or at once for no reason.
  @Loop
  package func waitUntilWritable(
    _ descriptor: Int32, until deadline: Instant
  ) async throws(WaitError) {
    try await wait(for: descriptor, .writing, until: deadline, isInterruptible: false)
  }

  /// Returns when the time has come.
  @Loop
  package func sleep(until deadline: Instant, isInterruptible: Bool = true) async throws(WaitError)
  {
    do throws(WaitError) {
      try await wait(for: nil, .reading, until: deadline, isInterruptible: isInterruptible)
    } catch let error where error == .timedOut {}
  }

  @Loop
  private func wait(
    for descriptor: Int32?, _ direction: WaitTable.Direction, until deadline: Instant,
    isInterruptible: Bool
  ) async throws(WaitError) {
    if isInterruptible && isDraining { throw .draining }
    let slot = waits.open(isInterruptible: isInterruptible)
    if let descriptor, waits.attach(slot, to: descriptor, direction) {
      waits.close(slot)
      return
    }
    try await suspend(in: slot, until: deadline)
  }

  /// Suspends the task until `slot` is woken, its deadline passes or the task is cancelled; frees it.
  @Loop
  fileprivate func suspend(in slot: Int, until deadline: Instant) async throws(WaitError) {
    let error = await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { continuation in
        unsafe waits.begin(slot, continuation, deadline: deadline)
        if waits.slots[slot].isCancelled { waits.end(slot, with: .cancelled) }
      }
    } onCancel: {
      // Tasks of the loop are cancelled by tasks of the loop: by the group they are in.
      assertOnLoop()
      waits.cancel(slot)
    }
    waits.close(slot)
    if let error { throw error }
  }
}

/// Lets the tasks of one condition wait until another task of the loop says that it has come true.
@Loop
package final class Condition {
  private var slots: [Int] = []
  private let loop = Loop.shared.eventLoop

  package init() {}

  /// Returns after the next `signal`; check the condition again then.
  package func wait(
    until deadline: Instant = .distantFuture, isInterruptible: Bool = true
  ) async throws(WaitError) {
    if isInterruptible && loop.isDraining { throw .draining }
    let slot = loop.waits.open(isInterruptible: isInterruptible)
    slots.append(slot)
    defer { slots.removeAll { $0 == slot } }
    try await loop.suspend(in: slot, until: deadline)
  }

  /// Wakes every task that waits.
  package func signal() {
    for slot in slots { loop.waits.end(slot, with: nil) }
  }
}
