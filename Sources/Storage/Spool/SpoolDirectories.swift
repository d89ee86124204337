import Platform

/// The open directories of the spool; everything in it is named relative to them.
final class SpoolDirectories: Sendable {
  /// The spool itself.
  private let root: Directory
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
  /// The file system of the queue.
  let fileSystem: FileSystem
  /// What must be synced on it.
  let durability: Durability

  /// Opens the spool at `path` and makes the directories that are missing.
  ///
  /// - Parameter durability: what must be synced; tests replace what the file system is known for.
  convenience init(path: String, durability: Durability? = nil) throws(SystemError) {
    try self.init(root: Directory(path: path), durability: durability)
  }

  /// Opens the spool in this directory and makes the directories that are missing.
  init(root: consuming Directory, durability: Durability? = nil) throws(SystemError) {
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
    fileSystem = temporary.descriptor.fileSystem()
    self.durability = durability ?? fileSystem.durability
    // What an earlier run was interrupted in making, a later commit does not look at any more.
    if self.durability != .ordered { _ = try? root.descriptor.synchronizeFileSystem() }
    self.root = root
  }

  /// Keeps other processes from working on the spool for as long as this value lives.
  ///
  /// - Throws: an error with `isWouldBlock` where another one does.
  func lock() throws(SystemError) { try root.lock() }

  /// Whether the path leads to this spool at the moment: its disk may have gone, and another directory be there.
  ///
  /// Costs a `stat`, which no working disk has to be read for.
  func isAt(_ path: String) -> Bool {
    do throws(SystemError) {
      let there = try FileStatus(path: path)
      let own = try root.descriptor.status()
      return there.inode == own.inode && there.device == own.device
    } catch let error where error.isNotFound || error.isNotDirectory {
      return false
    } catch {
      // A disk that fails says so by itself.
      return true
    }
  }

  /// Whether the directory of the maildrops is still that of the spool, so that who is missing in it has no mail.
  func hasItsMaildrops() throws(SystemError) -> Bool {
    do throws(SystemError) {
      let there = try root.status(of: "mail")
      let own = try mail.descriptor.status()
      return there.inode == own.inode && there.device == own.device
    } catch let error where error.isNotFound {
      return false
    }
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
      // One that a restored backup has without its empty folders gets them.
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

  /// The file system and how it is synced, in one line for the log.
  var syncing: String {
    let how =
      switch durability {
      case .ordered: "messages that arrive together are synced with one flush"
      case .wholeRenames: "each message is synced by itself"
      case .separate: "each message and each change of a name is synced by itself"
      }
    // Its map of free blocks is synced by nobody.
    let check =
      fileSystem.hasJournal == false
      ? "; have it checked (fsck) at the start after a power cut" : ""
    return "\(fileSystem): \(how)\(check)"
  }
}
