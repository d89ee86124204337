import Platform

/// What is in the queue directories.
struct QueueScan: Sendable {
  /// The messages, and in how many seconds each is due.
  private(set) var messages: [(QueuedMessage, dueIn: Int64)] = []
  /// The files that are not messages of ours.
  private(set) var strangers: [Spool.Stranger] = []

  /// Reads the directories and empties the temporary one; blocks.
  ///
  /// - Parameter wallTime: Unix time in seconds.
  init(_ directories: SpoolDirectories, wallTime: Int64) throws(SystemError) {
    for name in try directories.temporary.entryNames() {
      try directories.temporary.remove(name)
    }
    try add(directories.new, wasTried: false, in: directories, wallTime: wallTime)
    try add(directories.current, wasTried: true, in: directories, wallTime: wallTime)
  }

  private mutating func add(
    _ directory: borrowing Directory, wasTried: Bool, in directories: SpoolDirectories,
    wallTime: Int64
  ) throws(SystemError) {
    for file in try directory.entryNames() {
      guard let name = MessageFileName(file) else {
        strangers.append(
          .init(
            file: file, reason: "its name is not one that Gatepost gives", isTemporary: false))
        continue
      }
      if name.description != file {
        // A mail reader has added its flags; the file goes where tried messages are.
        try directory.renameExclusively(file, to: directories.current, as: name.description)
        if !wasTried { continue }  // it is found when `cur` is read
      }
      var dueIn: Int64 = 0
      if wasTried {
        let status = try directory.status(of: name.description)
        dueIn = status.modified - wallTime
      }
      messages.append((QueuedMessage(name: name, wasTried: wasTried, attempts: 0), dueIn))
    }
  }
}
