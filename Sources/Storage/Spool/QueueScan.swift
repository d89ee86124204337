import Platform

/// What is in the queue directories.
///
/// What is no message is set aside.
///
/// **Failures**: what cannot be removed, renamed or looked at becomes a stranger; only a directory
/// that cannot be read fails the scan, so that no file can keep the others from going out.
struct QueueScan: Sendable {
  /// The messages, and in how many seconds each is due unless it is held.
  private(set) var messages: [(QueuedMessage, dueIn: Int64)] = []
  /// The files that are not messages of ours.
  private(set) var strangers: [Spool.Stranger] = []

  /// Reads the directories and empties the temporary one; blocks.
  ///
  /// - Parameter wallTime: Unix time in seconds.
  init(_ directories: SpoolDirectories, wallTime: Int64) throws(SystemError) {
    for file in try directories.temporary.entryNames() {
      do throws(SystemError) { try directories.temporary.remove(file) } catch {
        strangers.append(
          error.isWrongKindOfFile
            ? directories.setAside(file, from: directories.temporary, reason: "\(error)")
            : Spool.Stranger(file: file, reason: "\(error)"))
      }
    }
    for folder in QueueFolder.allCases {
      let files = try directories.with(folder) { directory throws(SystemError) in
        try directory.entryNames()
      }
      for file in files { collect(file, in: folder, of: directories, wallTime: wallTime) }
    }
    removeSecondNames(in: directories)
  }

  /// Leaves one name to a message that was being moved when the power went.
  ///
  /// Held comes before tried, and tried before new. A second file with its name, as of a backup, is set aside.
  private mutating func removeSecondNames(in directories: SpoolDirectories) {
    let doubles = doubles
    if doubles.isEmpty { return }
    var kept: [QueueID: QueuedMessage] = [:]
    for (message, _) in messages where doubles.contains(message.name.id) {
      let other = kept[message.name.id]
      if let other, other.folder.rawValue > message.folder.rawValue { continue }
      // A damaged file takes no place from a message; it is set aside when it is opened.
      if other == nil || directories.hasItsSize(message) { kept[message.name.id] = message }
    }
    let others = messages.map(\.0).filter { message in
      guard let other = kept[message.name.id], other.folder != message.folder else { return false }
      return directories.hasItsSize(message)
    }
    if others.isEmpty { return }
    messages.removeAll { message, _ in others.contains(message) }
    for message in others {
      if let first = kept[message.name.id], directories.isSameFile(message, first) {
        directories.removeSecondName(message)
      } else {
        setAside(
          message.name.description, in: message.folder, of: directories,
          "another file in the queue is this message")
      }
    }
  }

  /// The identifiers of which there is more than one message.
  private var doubles: Set<QueueID> {
    // The most crowded directory is not copied: the others hold few messages, or none.
    let counts = QueueFolder.allCases.map { folder in messages.count { $0.0.folder == folder } }
    let crowded = QueueFolder.allCases.max {
      counts[Int($0.rawValue)] < counts[Int($1.rawValue)]
    }
    var ids: Set<QueueID> = []
    var doubles: Set<QueueID> = []
    for (message, _) in messages where message.folder != crowded {
      if !ids.insert(message.name.id).inserted { doubles.insert(message.name.id) }
    }
    if ids.isEmpty { return [] }
    for (message, _) in messages where message.folder == crowded && ids.contains(message.name.id) {
      doubles.insert(message.name.id)
    }
    return doubles
  }

  private mutating func collect(
    _ file: String, in folder: QueueFolder, of directories: SpoolDirectories, wallTime: Int64
  ) {
    guard let name = MessageFileName(file) else {
      setAside(file, in: folder, of: directories, "its name is not one that Gatepost gives")
      return
    }
    do throws(SystemError) {
      if name.description != file {
        try directories.adopt(file, from: folder, as: name)
        if folder == .new { return }  // it is found when `cur` is read
      }
      var due: Int64 = 0
      if folder == .current {
        due = try directories.current.status(of: name.description).modified - wallTime
      }
      messages.append((QueuedMessage(name: name, in: folder, isFound: true), due))
    } catch let error where error.isAlreadyExisting {
      setAside(file, in: folder, of: directories, "the message it is named after is there as well")
    } catch let error where name.description == file && !error.isNotFound {
      // A disk that fails now may not fail when the message is opened, and says so then.
      messages.append((QueuedMessage(name: name, in: folder, isFound: true), 0))
    } catch {
      strangers.append(Spool.Stranger(file: file, reason: "\(error)"))
    }
  }

  private mutating func setAside(
    _ file: String, in folder: QueueFolder, of directories: SpoolDirectories, _ reason: String
  ) {
    do throws(SystemError) {
      try directories.with(folder) { directory throws(SystemError) in
        strangers.append(directories.setAside(file, from: directory, reason: reason))
      }
    } catch {
      strangers.append(Spool.Stranger(file: file, reason: "\(error)"))
    }
  }
}

extension SpoolDirectories {
  private func status(_ message: QueuedMessage) -> FileStatus? {
    do throws(SystemError) {
      return try with(message.folder) { folder throws(SystemError) in
        try folder.status(of: message.name.description)
      }
    } catch {
      return nil
    }
  }

  /// Whether the file of a message is as large as its name says.
  fileprivate func hasItsSize(_ message: QueuedMessage) -> Bool {
    status(message).map { $0.isRegular && $0.bytes == Int(message.name.bytes) } ?? false
  }

  /// Whether these are two names of one file.
  fileprivate func isSameFile(_ one: QueuedMessage, _ other: QueuedMessage) -> Bool {
    guard let one = status(one), let other = status(other) else { return false }
    return one.inode == other.inode
  }

  /// Removes one of two names of a message; one that cannot be removed stays until the next start.
  ///
  /// Where the power has gone before the device knew of the second name, the file counts one: without its check
  /// by `fsck` the removal of either would free the file, so both stay.
  fileprivate func removeSecondName(_ message: QueuedMessage) {
    guard let status = status(message), status.links > 1 else { return }
    _ = try? remove(message)
  }

  /// Takes a mail reader's flags off a message's name, and puts it where tried messages are; one that is
  /// held stays there.
  fileprivate func adopt(
    _ file: String, from folder: QueueFolder, as name: MessageFileName
  ) throws(SystemError) {
    switch folder {
    case .new: try new.relocate(file, to: current, as: name.description, durability)
    case .current: try current.relocate(file, to: current, as: name.description, durability)
    case .held: try held.relocate(file, to: held, as: name.description, durability)
    }
  }
}
