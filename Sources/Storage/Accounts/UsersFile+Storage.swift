import Platform

extension UsersFile {
  /// Reads the file at `path`.
  package static func read(path: String) throws(UsersFileError) -> UsersFile {
    let content: [UInt8]
    do throws(SystemError) {
      content = try Descriptor.reading(path: path).readAll(limit: Limits.fileBytes)
    } catch {
      throw UsersFileError(.unreadable, reason: "\(path): cannot be read: \(error)")
    }
    return try UsersFile(content, file: path)
  }

  /// Changes the file at `path` with `change`, or makes it.
  ///
  /// The daemon sees the old file or the new one, never a part: the new content goes into a file
  /// beside it, is synced, and takes its name; owner, group and mode stay. A new file is 0640 and
  /// belongs to the group of its directory. Two changes at a time wait for each other.
  ///
  /// **Durability**: when it returns, the change survives a power cut.
  ///
  /// - Throws: what `change` throws, or why the file cannot be read or written; it is then as it was.
  package static func update(
    path: String, _ change: (inout UsersFile) throws(UsersFileError) -> Void
  ) throws(UsersFileError) {
    let update = try UsersFileUpdate.begin(path: path)
    let old = try update.old()
    var users = try UsersFile(old?.content ?? [], file: path)
    try change(&users)
    try update.replace(with: users.content, keeping: old?.status)
  }
}
