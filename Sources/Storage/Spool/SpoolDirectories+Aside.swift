import Platform

extension SpoolDirectories {
  /// Moves a file that is no message out of the way of those that are; a later look finds it in `aside`.
  ///
  /// - Returns: the file as the log is told of it; one that cannot be moved stays where it is.
  func setAside(
    _ file: String, from directory: borrowing Directory, reason: String
  ) -> Spool.Stranger {
    do throws(SystemError) {
      try directory.relocate(file, to: aside, as: try freeName(for: file), durability)
      return Spool.Stranger(file: file, reason: reason, isAside: true)
    } catch {
      // Somebody else has removed it, or the disk takes no change: then the next start tries again.
      return Spool.Stranger(
        file: file,
        reason: error.isNotFound ? reason : "\(reason); it cannot be set aside: \(error)")
    }
  }

  /// Moves the file of a message that is damaged out of the way.
  func setAside(_ message: QueuedMessage, reason: String) -> Spool.Stranger {
    let file = message.name.description
    do throws(SystemError) {
      return try with(message.folder) { folder throws(SystemError) in
        setAside(file, from: folder, reason: reason)
      }
    } catch {
      return Spool.Stranger(file: file, reason: reason)
    }
  }

  /// Moves a message from one directory to another, under its name; a power cut leaves it in one of them.
  func move(
    _ name: String, from source: QueueFolder, to target: QueueFolder
  ) throws(SystemError) {
    try with(source) { source throws(SystemError) in
      try with(target) { target throws(SystemError) in
        try source.relocate(name, to: target, as: name, durability)
      }
    }
  }

  /// Removes a message that nothing is left to do for; one that has gone already is no failure.
  ///
  /// Where a removed name may come back after a power cut, it must not stand for the next file that gets the
  /// inode, which may be the mail of somebody else: the file stays open until its name is gone for good.
  ///
  /// - Returns: why the name may come back, if a sync has failed.
  @discardableResult
  func remove(_ message: QueuedMessage) throws(SystemError) -> SystemError? {
    let name = message.name.description
    return try with(message.folder) { folder throws(SystemError) in
      guard durability == .separate else {
        try folder.remove(name)
        return nil
      }
      let file: Descriptor
      do throws(SystemError) { file = try folder.open(name) } catch let error
        where error.isNotFound
      {
        return nil
      }
      try folder.remove(name)
      var failure: SystemError?
      do throws(SystemError) { try folder.synchronize() } catch { failure = error }
      withExtendedLifetime(file.number) {}
      return failure
    }
  }

  /// The name, or with the first number behind it that makes it one that nothing in `aside` has.
  private func freeName(for file: String) throws(SystemError) -> String {
    var name = file
    var count = 0
    do throws(SystemError) {
      while count < Self.namesakes {
        _ = try aside.status(of: name)
        count += 1
        name = "\(file).\(count)"
      }
    } catch let error where error.isNotFound {}
    return name
  }

  /// How many files of one name are kept aside at most.
  private static let namesakes = 100
}
