package import Platform

extension Maildir {
  /// Reads which messages there are.
  ///
  /// Costs a few `getdents64`; only a file whose name does not say its size is opened.
  ///
  /// - Parameter limit: how many messages are listed at most. Limitation: beyond it, the file
  ///   system chooses which ones.
  package func contents(
    limit: Int = Limits.messages
  ) throws(SystemError) -> MaildirContents {
    let directoryBytes = try new.descriptor.status().bytes + current.descriptor.status().bytes
    var scan = MaildirScan(limit: limit, directoryBytes: directoryBytes)
    // In this order a message that another program moves meanwhile is seen at least once.
    try unsafe new.forEachEntry { name throws(SystemError) in
      unsafe scan.add(name, isNew: true)
    }
    try unsafe current.forEachEntry { name throws(SystemError) in
      unsafe scan.add(name, isNew: false)
    }
    return try scan.contents { (name, isNew) throws(SystemError) in
      try self.measure(name, isNew: isNew)
    }
  }

  /// The size of a message whose name does not say it; nil when it is no message, or gone.
  ///
  /// A file that cannot be read is listed all the same, so that it does not hide the others: the
  /// failure shows when the message is asked for.
  private func measure(_ name: String, isNew: Bool) throws(SystemError) -> Int? {
    do throws(SystemError) {
      let status = try isNew ? new.status(of: name) : current.status(of: name)
      guard status.isRegular else { return nil }
      return try WireSize.measure(isNew ? new.open(name) : current.open(name))
    } catch {
      if error.isNotFound { return nil }
      if error.isOutOfDescriptors { throw error }
      return 0
    }
  }
}
