import Platform

/// The open directories of the spool; everything in it is named relative to them.
final class SpoolDirectories: Sendable {
  /// Where messages are written before they are accepted.
  let temporary: Directory
  /// Accepted messages that were not tried yet.
  let new: Directory
  /// Messages that were tried.
  let current: Directory
  /// Messages that an admin keeps back.
  let held: Directory
  /// What was in the queue and is no message, or a damaged one.
  let aside: Directory
  /// The maildrops, one directory a user.
  let mail: Directory
  /// Whether a directory's sync also covers the data written back before.
  let commitsDataWithDirectory: Bool

  /// Opens the spool at `path` and makes the directories that are missing.
  init(path: String) throws(SystemError) {
    let root = try Directory(path: path)
    var isNew = try root.makeDirectory("queue")
    let queue = try root.subdirectory("queue")
    let names = ["tmp", QueueFolder.aside] + QueueFolder.allCases.map(\.name)
    for name in names where try queue.makeDirectory(name) { isNew = true }
    if try root.makeDirectory("mail") { isNew = true }
    if isNew {
      try queue.synchronize()
      try root.synchronize()
    }
    temporary = try queue.subdirectory("tmp")
    new = try queue.subdirectory(QueueFolder.new.name)
    current = try queue.subdirectory(QueueFolder.current.name)
    held = try queue.subdirectory(QueueFolder.held.name)
    aside = try queue.subdirectory(QueueFolder.aside)
    mail = try root.subdirectory("mail")
    commitsDataWithDirectory =
      try temporary.descriptor.fileSystemKind().commitsDataWithDirectory
  }

  /// Calls `body` with a directory of messages.
  func with<Result: ~Copyable>(
    _ folder: QueueFolder, _ body: (borrowing Directory) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    switch folder {
    case .new: try body(new)
    case .current: try body(current)
    case .held: try body(held)
    }
  }

  /// The `new` directory of a user's maildrop, which is made if it is not there.
  ///
  /// **Durability**: `new` is made last, when the way to it has been synced, so one that is there
  /// has names above it that survive a crash.
  ///
  /// - Parameter user: a name from the users file, which is a valid file name.
  func maildropNew(of user: String) throws(SystemError) -> Directory {
    do throws(SystemError) {
      return try mail.subdirectory(user).subdirectory("new")
    } catch let error where error.isNotFound {
      try mail.makeDirectory(user)
      try mail.synchronize()
      let maildrop = try mail.subdirectory(user)
      for name in ["tmp", "cur", "new"] { try maildrop.makeDirectory(name) }
      do throws(SystemError) {
        try maildrop.synchronize()
      } catch {
        _ = try? maildrop.removeDirectory("new")
        throw error
      }
      return try maildrop.subdirectory("new")
    }
  }
}
