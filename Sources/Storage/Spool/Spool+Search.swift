import EventLoop
import Platform

extension Spool {
  /// How many files are looked at or moved in one piece of work, so that commits come between.
  nonisolated static let filesPerPiece = 64
  /// How many changes of files are synced together at most.
  nonisolated static let filesPerSync = 8192
  /// How many results are noted and told before others have their turn.
  nonisolated static let toldAtOnce = 256

  /// Makes the waiting messages due now whose envelope matches; those under way are left alone.
  ///
  /// The time in a message's file stays: after a crash it waits as before.
  ///
  /// - Returns: how many they are; nil if such a search is under way, of which there is one at a time.
  /// - Parameter matches: called on a worker.
  package func makeDue(_ matches: @Sendable (QueueEnvelope) -> Bool) async -> Int? {
    if isMakingDue { return nil }
    isMakingDue = true
    defer { isMakingDue = false }
    return makeDue(await search(index.waiting(at: .now), matches)).count
  }

  /// Makes messages due now that wait and are not held; says which they are.
  package func makeDue(_ ids: Set<QueueID>) -> [QueueID] {
    if ids.isEmpty { return [] }
    let found = index.makeDue(at: .now) { ids.contains($0.name.id) }
    arrival.signal()
    return found
  }

  /// The messages in the index, and those of `others`, that a selection means and the action is for.
  ///
  /// - Parameter others: messages that were taken out of the index.
  package func find(
    _ selection: QueueSelection, for action: QueueAction, besides others: [QueuedMessage]
  ) async -> Set<QueueID> {
    let now = WallClock.now
    let all = index.messages + others
    // Elsewhere, as they may be many.
    let named = await disk.run {
      all.filter { message in
        selection.mayMean(message.name.id, at: now)
          && (action != .release || message.folder == .held)
      }
    }
    if selection.asksForEnvelope { return await search(named) { selection.means($0) } }
    return await disk.run { Set(named.map(\.name.id)) }
  }

  /// Reads the envelopes of messages, and returns which of them match; `matches` is called on a worker.
  private func search(
    _ messages: [QueuedMessage], _ matches: @Sendable (QueueEnvelope) -> Bool
  ) async -> Set<QueueID> {
    guard let directories = try? self.directories else { return [] }
    var found: Set<QueueID> = []
    var start = 0
    while start < messages.count, !Task.isCancelled, !Loop.shared.eventLoop.isDraining {
      let piece = messages[start..<min(start + Self.filesPerPiece, messages.count)]
      found.formUnion(
        await disk.run {
          piece.filter { message in
            // What cannot be read now says so at its own time.
            guard let open = try? OpenMessage(message, in: directories) else { return false }
            return matches(open.envelope)
          }.map(\.name.id)
        })
      start += piece.count
    }
    return found
  }
}
