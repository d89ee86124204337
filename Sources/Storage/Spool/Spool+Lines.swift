package import Platform

/// The lines of messages that are due and wait for their turn at a destination.
///
/// The number of a line is the caller's. A message in a line is in the queue like any other: its file
/// is not touched, and after a restart it is where it was before it was taken.
extension Spool {
  /// Puts a message that was taken into a line, at its end, or back to its front.
  package func park(_ message: QueuedMessage, inLine number: Int, atFront: Bool) {
    index.park(message, inLine: number, atFront: atFront)
  }

  /// Takes the first message of a line, as `takeDue` takes one that is due.
  package func takeParked(inLine number: Int) -> QueuedMessage? {
    index.takeParked(inLine: number)
  }

  /// How many messages stand in a line.
  package func count(inLine number: Int) -> Int { index.count(inLine: number) }

  /// Puts a message that was taken back as it was: nothing was tried.
  package func putBack(_ message: QueuedMessage, until due: Instant) {
    index.insert(message, due: due)
  }
}
