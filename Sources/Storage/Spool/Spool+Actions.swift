import EventLoop
package import Platform

extension Spool {
  /// A message that an admin's command has taken out of the index, and when it was due.
  package struct Taken: Sendable {
    /// The message.
    package var message: QueuedMessage
    /// When it was due.
    package var due: Instant
  }

  /// Takes messages that wait out of the index: from now on they belong to the caller, who puts back what is to
  /// stay.
  ///
  /// - Returns: the messages, the oldest first; they are put into order elsewhere, as they may be many.
  package func take(_ ids: Set<QueueID>) async -> [Taken] {
    let taken = index.take(at: .now) { ids.contains($0.name.id) }
    return await disk.run {
      taken.map { Taken(message: $0.message, due: $0.due) }
        .sorted { $0.message.name.id < $1.message.name.id }
    }
  }

  /// Puts messages back as they were.
  package func putBack(_ taken: some Sequence<Taken>) {
    for entry in taken { index.insert(entry.message, due: entry.due) }
    arrival.signal()
  }

  /// Holds, releases or removes messages that wait, a piece at a time; those under way are left alone.
  ///
  /// **Durability**: what `tell` hears of as done is on the device.
  ///
  /// - Parameter tell: hears what came of each message of a piece; says whether to go on.
  package func change(
    _ ids: Set<QueueID>, by action: QueueAction,
    tell: @Loop ([(id: QueueID, result: QueueActionResult)]) async -> Bool
  ) async {
    guard let directories = try? self.directories else { return }
    var rest = await take(ids)[...]
    var groupSize = Self.filesPerPiece
    while !rest.isEmpty, !Task.isCancelled {
      let group = Array(rest.prefix(groupSize))
      // The first ones are told at once; after them syncs are few, each of which others have to wait for.
      groupSize = min(2 * groupSize, Self.filesPerSync)
      let messages = group.map(\.message)
      var changes: [QueueChange] = []
      while changes.count < group.count {
        let piece = Array(messages.dropFirst(changes.count).prefix(Self.filesPerPiece))
        changes += await disk.run { directories.change(piece, by: action) }
      }
      let unsynced = changes
      changes = await disk.run { directories.synchronize(unsynced, of: messages, after: action) }
      rest = rest.dropFirst(group.count)
      var goesOn = true
      for start in stride(from: 0, to: group.count, by: Self.toldAtOnce) {
        let part = start..<min(start + Self.toldAtOnce, group.count)
        let results = zip(group[part], changes[part]).map { taken, change in
          settle(taken, after: change, by: action)
        }
        arrival.signal()
        // What is done is noted even where nobody listens any more.
        if goesOn { goesOn = await tell(results) }
        await Task.yield()
      }
      if !goesOn { break }
    }
    putBack(rest)
  }

  private func settle(
    _ taken: Taken, after change: QueueChange, by action: QueueAction
  ) -> (id: QueueID, result: QueueActionResult) {
    var taken = taken
    if change.isMade {
      switch action {
      case .hold:
        taken.message.folder = .held
        taken.due = .distantFuture
      case .release:
        taken.message.folder = .current
        taken.due = .now
      case .retry, .remove, .bounce: break
      }
    }
    if !(change.isMade && action == .remove) { index.insert(taken.message, due: taken.due) }
    let result: QueueActionResult =
      if let error = change.error {
        .failed("\(error)")
      } else {
        change.isMade ? .done : .absent
      }
    return (taken.message.name.id, result)
  }
}

/// What became of a message's file.
struct QueueChange: Equatable, Sendable {
  /// Whether the file is where the action wants it, or gone.
  var isMade = false
  /// What went wrong; where the change is made, it may not outlive a power cut.
  var error: SystemError?
}

extension SpoolDirectories {
  /// Moves or removes the files of messages, which is on the device after `synchronize`; blocks.
  func change(_ messages: [QueuedMessage], by action: QueueAction) -> [QueueChange] {
    messages.map { message in
      do throws(SystemError) {
        return try change(message, by: action)
      } catch {
        return QueueChange(error: error)
      }
    }
  }

  /// Syncs the directories that an action has changed, once for all; blocks.
  ///
  /// - Returns: the changes, with what went wrong.
  func synchronize(
    _ changes: [QueueChange], of messages: [QueuedMessage], after action: QueueAction
  ) -> [QueueChange] {
    let sources = Set(zip(messages, changes).filter { $0.1.isMade }.map { $0.0.folder })
    if sources.isEmpty { return changes }
    // Where names are made comes first: a crash between the two may leave two names, and never none.
    let target: QueueFolder? =
      switch action {
      case .hold: .held
      case .release: .current
      case .retry, .remove, .bounce: nil
      }
    let folders = [target].compactMap { $0 } + QueueFolder.allCases.filter { $0 != target }
    do throws(SystemError) {
      for folder in folders where folder == target || sources.contains(folder) {
        try with(folder) { directory throws(SystemError) in try directory.synchronize() }
      }
      return changes
    } catch {
      return changes.map { $0.isMade ? QueueChange(isMade: true, error: error) : $0 }
    }
  }

  /// Says whether the action is for a message in this place.
  private func change(
    _ message: QueuedMessage, by action: QueueAction
  ) throws(SystemError) -> QueueChange {
    let name = message.name.description
    switch action {
    case .hold:
      if message.folder != .held { try move(name, from: message.folder, to: .held) }
    case .release:
      if message.folder != .held { return QueueChange() }
      try move(name, from: .held, to: .current)
      // After a crash it is due as well; if this fails, at the time it had before.
      try? current.setModified(name, WallClock.now)
    case .remove:
      return QueueChange(isMade: true, error: try remove(message))
    case .retry, .bounce: return QueueChange()
    }
    return QueueChange(isMade: true)
  }
}
