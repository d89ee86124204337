internal import CLinux
import Platform

/// A change of the users file under way; while the value lives no other change starts.
struct UsersFileUpdate: ~Copyable {
  private let directory: Directory
  private let path: String
  private let name: String

  private init(of path: String, named name: String, in directory: consuming Directory) {
    self.path = path
    self.name = name
    self.directory = directory
  }

  /// Waits until no other change is under way.
  static func begin(path: String) throws(UsersFileError) -> UsersFileUpdate {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(path[...$0]) } ?? "."
    let name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
    do throws(SystemError) {
      let directory = try Directory(path: folder)
      // The lock is the directory's, for the file itself is replaced. It ends with the descriptor.
      while flock(directory.descriptor.number, LOCK_EX) != 0 {
        let code = cl_errno()
        if code != EINTR { throw SystemError(code: code, call: "flock") }
      }
      return UsersFileUpdate(of: path, named: name, in: directory)
    } catch {
      throw UsersFileError(.unwritable, reason: "\(folder): cannot be opened: \(error)")
    }
  }

  /// The file as it is; nil if there is none.
  func old() throws(UsersFileError) -> (content: [UInt8], status: FileStatus)? {
    do throws(SystemError) {
      // Never through a link, whose place the new file would take.
      let file = try directory.open(name)
      return (try file.readAll(limit: Limits.fileBytes), try file.status())
    } catch {
      if error.isNotFound { return nil }
      let advice = error.code == ELOOP ? "; it is a symbolic link: name the file itself" : ""
      throw UsersFileError(.unreadable, reason: "\(path): cannot be read: \(error)\(advice)")
    }
  }

  /// Puts a file with this content in the place of the old one.
  func replace(with content: [UInt8], keeping old: FileStatus?) throws(UsersFileError) {
    let draft = ".\(name).new"
    do throws(SystemError) {
      // One that is there was left by a crash: nobody else writes it while the lock is held.
      try directory.remove(draft)
      try write(content, to: try directory.create(draft), keeping: old)
      try directory.rename(draft, to: directory, as: name)
      try directory.synchronize()
    } catch {
      _ = try? directory.remove(draft)
      throw UsersFileError(.unwritable, reason: "\(path): cannot be written: \(error)")
    }
  }

  private func write(
    _ content: [UInt8], to file: consuming Descriptor, keeping old: FileStatus?
  ) throws(SystemError) {
    if let old {
      let own = try file.status()
      if own.owner != old.owner || own.group != old.group {
        try file.setOwner(old.owner, group: old.group)
      }
      try file.setMode(old.mode)
    } else {
      // Without the privilege for it the file stays with the caller's own group.
      let own = try file.status()
      let group = try directory.descriptor.status().group
      if own.group != group { try? file.setOwner(own.owner, group: group) }
      try file.setMode(0o640)
    }
    try file.writeAll(content)
    try file.synchronize()
    try file.closeReporting()
  }
}
