/// What an admin does to messages of the queue; the raw value is the word for it.
package enum QueueAction: String, CaseIterable, Sendable {
  /// They are tried now; those that are held stay so.
  case retry
  /// They are kept back until they are released.
  case hold
  /// Those that are held are tried now.
  case release
  /// They are deleted, and nobody is told.
  case remove
  /// They are given up as undeliverable, of which the sender is told.
  case bounce
}

/// What came of it for one message.
package enum QueueActionResult: Equatable, Sendable {
  /// It is done, and on the device where it is about files.
  case done
  /// The message is being delivered, and was left alone.
  case delivering
  /// The message is held, and was left alone.
  case held
  /// There is no such message, or the action is not for one in its state.
  case absent
  /// The message stays as it was, for this reason.
  case failed(String)
}
