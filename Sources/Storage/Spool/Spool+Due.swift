import EventLoop
import Platform

extension Spool {
  /// How many envelopes are read in one piece of work, so that commits come between.
  private static let envelopesPerPiece = 64

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
    dissolveLines()
    let directories = self.directories
    let waiting = index.waiting(at: .now)
    var found: Set<QueueID> = []
    var start = 0
    while start < waiting.count, !Task.isCancelled {
      let piece = waiting[start..<min(start + Self.envelopesPerPiece, waiting.count)]
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
    if found.isEmpty { return 0 }
    let count = index.makeDue(at: .now) { found.contains($0.name.id) }
    arrival.signal()
    return count
  }
}
