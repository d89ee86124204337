package import Platform

extension Maildir {
  /// The name of the file of sizes, beside `new` and `cur`; see `SizeCache`.
  static let sizesName = "gatepost-sizes"

  /// Reads which messages there are.
  ///
  /// Costs a few `getdents64`; only a file whose name does not say its size is opened, once in its life.
  ///
  /// - Parameters:
  ///   - limit: how many messages are listed at most. Limitation: beyond it, the file system chooses
  ///     which ones.
  ///   - expiry: Unix time; messages that had come and had been read before it are removed. Given only
  ///     where the time is known.
  package func contents(
    limit: Int = Limits.messages, expiry: Int64? = nil
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
    var sizes = SizeCache(knownSizes)
    let contents = try scan.contents(sizes: &sizes) { (name, arrived) throws(SystemError) in
      guard let expiry, arrived > 0, Int64(clamping: arrived) < expiry else { return false }
      return try self.expire(name, readBefore: expiry)
    } measure: { (name, isNew) throws(SystemError) in
      try self.measure(name, isNew: isNew)
    } storedBytes: { (name, isNew) throws(SystemError) in
      try self.storedBytes(name, isNew: isNew)
    }
    for twin in contents.expiredTwins {
      _ = twin.isNew ? try new.remove(twin.name) : try current.remove(twin.name)
    }
    if sizes.hasNews { keep(SizeCache.text(of: contents)) }
    return contents
  }

  /// Remembers the sizes of messages that were found not to be those of the contents.
  package func correct(_ sizes: [Int: Int], of contents: MaildirContents) {
    keep(SizeCache.text(of: contents.correcting(sizes)))
  }

  /// Removes a message of `cur` whose last mark was set before a time; says whether it has gone.
  ///
  /// - Parameter earliest: a mark from before it was set while nobody knew the time, and may be of today.
  func expire(
    _ name: String, readBefore time: Int64, earliest: Int64 = WallClock.earliest
  ) throws(SystemError) -> Bool {
    do throws(SystemError) {
      // The mark is in the name, and a new name changes this time.
      let status = try current.status(of: name)
      if status.changed < earliest {
        // Changes it too: the mark counts from now on.
        try current.setModified(name, status.modified)
        return false
      }
      if status.changed >= time { return false }
      try current.remove(name)
      return true
    } catch {
      if error.isOutOfDescriptors { throw error }
      return error.isNotFound
    }
  }

  /// What was measured before; nothing where that cannot be read, for it can be measured again.
  private var knownSizes: [UInt8] {
    do throws(SystemError) {
      return try root.open(Self.sizesName).readAll(limit: SizeCache.limitBytes)
    } catch {
      return []
    }
  }

  /// Durability: none; what a crash leaves of the file ends with a whole line, or is measured again.
  private func keep(_ sizes: [UInt8]) {
    do throws(SystemError) {
      try root.replace(Self.sizesName, with: sizes, isSynced: false)
    } catch {
      // On a full disk the messages are measured each time.
    }
  }

  /// The octets of a file; nil where there is none by now.
  private func storedBytes(_ name: String, isNew: Bool) throws(SystemError) -> Int? {
    do throws(SystemError) {
      return try isNew ? new.status(of: name).bytes : current.status(of: name).bytes
    } catch let error where error.isNotFound {
      return nil
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
