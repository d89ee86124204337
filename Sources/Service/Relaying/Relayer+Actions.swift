import EventLoop
import Platform
package import Spool

extension Relayer {
  /// How the relaying is, for an admin who asks.
  package struct Standing: Sendable {
    /// How many messages wait.
    package var queue: QueueCounts
    /// How many are being delivered.
    package var delivering: Int
    /// The destinations that are not tried for a moment, each with the reason.
    package var putOff: [(destination: String, reason: String)]
  }

  /// How the relaying is now.
  package var standing: Standing {
    Standing(
      queue: spool.counts, delivering: delivering.count, putOff: hops.putOff(at: .now))
  }

  /// Does to messages what an admin wants; those that are being delivered are left alone.
  ///
  /// - Parameters:
  ///   - reason: what the senders are told of messages that are bounced.
  ///   - tell: hears what came of the messages, some at a time; says whether to go on.
  /// - Returns: false, at once, if another such command is being carried out.
  package func act(
    _ action: QueueAction, on selection: QueueSelection, reason: String,
    tell: @Loop ([(id: QueueID, result: QueueActionResult)]) async -> Bool
  ) async -> Bool {
    if isActing { return false }
    isActing = true
    defer { isActing = false }
    var found = await spool.find(selection, for: action, besides: delivering)
    let absent = selection.ids.subtracting(found)
    let busy = delivering.map(\.name.id).filter(found.contains)
    found.subtract(busy)
    // No other task runs between the search and what takes the messages out of the index.
    switch action {
    case .retry: await retry(found, named: selection.ids, tell)
    case .hold, .release, .remove: await spool.change(found, by: action, tell: tell)
    case .bounce: await bounce(found, reason: reason, tell)
    }
    var others: [(id: QueueID, result: QueueActionResult)] = []
    others += absent.sorted().map { ($0, .absent) }
    others += busy.map { ($0, .delivering) }
    if !others.isEmpty { _ = await tell(others) }
    if found.count >= Limits.burst { Heap.trim() }
    return true
  }

  private typealias Tell = @Loop ([(id: QueueID, result: QueueActionResult)]) async -> Bool

  private func retry(_ ids: Set<QueueID>, named: Set<QueueID>, _ tell: Tell) async {
    forgetFailures { _ in true }
    let due = spool.makeDue(ids).sorted()
    let rest = named.intersection(ids).subtracting(due)
    for start in stride(from: 0, to: due.count, by: Limits.toldAtOnce) {
      let piece = due[start..<min(start + Limits.toldAtOnce, due.count)]
      if await !tell(piece.map { ($0, .done) }) { return }
    }
    if !rest.isEmpty { _ = await tell(rest.sorted().map { ($0, .held) }) }
  }

  private func bounce(_ ids: Set<QueueID>, reason: String, _ tell: Tell) async {
    var rest = await spool.take(ids)[...]
    while !Task.isCancelled, let taken = rest.popFirst() {
      let failure = await MessageDelivery(taken.message, relayer: self).bounce(reason: reason)
      if failure?.isKept == true { spool.putBack([taken]) }
      let result = failure.map { QueueActionResult.failed($0.obstacle) } ?? .done
      if await !tell([(taken.message.name.id, result)]) { break }
    }
    spool.putBack(rest)
  }
}
