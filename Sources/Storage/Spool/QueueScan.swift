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
  /// Takes a mail reader's flags off a message's name, and puts it where tried messages are; one that is
  /// held stays there.
  fileprivate func adopt(
    _ file: String, from folder: QueueFolder, as name: MessageFileName
  ) throws(SystemError) {
    switch folder {
    case .new: try new.renameExclusively(file, to: current, as: name.description)
    case .current: try current.renameExclusively(file, to: current, as: name.description)
    case .held: try held.renameExclusively(file, to: held, as: name.description)
    }
  }
}
