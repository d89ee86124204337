import Platform

/// What is in the queue directories.
///
/// **Failures**: what cannot be removed, renamed or looked at becomes a stranger; only a directory
/// that cannot be read fails the scan, so that no file can keep the others from going out.
struct QueueScan: Sendable {
  /// The messages, and in how many seconds each is due.
  private(set) var messages: [(QueuedMessage, dueIn: Int64)] = []
  /// The files that are not messages of ours.
  private(set) var strangers: [Spool.Stranger] = []

  /// Reads the directories and empties the temporary one; blocks.
  ///
  /// - Parameter wallTime: Unix time in seconds.
  init(_ directories: SpoolDirectories, wallTime: Int64) throws(SystemError) {
    for file in try directories.temporary.entryNames() {
      do throws(SystemError) { try directories.temporary.remove(file) } catch {
        strangers.append(.init(file: file, reason: "\(error)", isTemporary: false))
      }
    }
    for file in try directories.new.entryNames() {
      collect(file) { name throws(SystemError) in
        if name.description == file { return 0 }
        try directories.adopt(file, from: directories.new, as: name)
        return nil  // it is found when `cur` is read
      }
    }
    for file in try directories.current.entryNames() {
      collect(file, wasTried: true) { name throws(SystemError) in
        if name.description != file {
          try directories.adopt(file, from: directories.current, as: name)
        }
        return try directories.current.status(of: name.description).modified - wallTime
      }
    }
  }

  private mutating func collect(
    _ file: String, wasTried: Bool = false,
    dueIn: (MessageFileName) throws(SystemError) -> Int64?
  ) {
    guard let name = MessageFileName(file) else {
      let reason = "its name is not one that Gatepost gives"
      strangers.append(.init(file: file, reason: reason, isTemporary: false))
      return
    }
    do throws(SystemError) {
      if let seconds = try dueIn(name) {
        messages.append(
          (QueuedMessage(name: name, wasTried: wasTried, attempts: 0, isFound: true), seconds))
      }
    } catch {
      strangers.append(.init(file: file, reason: "\(error)", isTemporary: false))
    }
  }
}

extension SpoolDirectories {
  /// Takes a mail reader's flags off a message's name, and puts it where tried messages are.
  fileprivate func adopt(
    _ file: String, from directory: borrowing Directory, as name: MessageFileName
  ) throws(SystemError) {
    try directory.renameExclusively(file, to: current, as: name.description)
  }
}
