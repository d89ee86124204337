internal import CLinux

/// An open directory; its files are named relative to it and never through a link.
///
/// Names are single path components that the caller made or validated: a name with a slash, `.` and
/// `..` are refused with `EINVAL`, so no byte from outside can reach another directory.
package struct Directory: ~Copyable, Sendable {
  /// The descriptor of the directory.
  package let descriptor: Descriptor

  /// Opens the directory at an absolute path from the configuration.
  package init(path: String) throws(SystemError) {
    descriptor = try Descriptor.opening(
      at: AT_FDCWD, path, flags: O_DIRECTORY | O_RDONLY, mode: 0)
  }

  private init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Opens the directory `name` in this one.
  package borrowing func subdirectory(_ name: String) throws(SystemError) -> Directory {
    try Self.check(name)
    return Directory(
      owning: try Descriptor.opening(
        at: descriptor.number, name, flags: O_DIRECTORY | O_RDONLY | O_NOFOLLOW, mode: 0))
  }

  /// Another value for the same directory.
  package borrowing func duplicate() throws(SystemError) -> Directory {
    Directory(owning: try descriptor.duplicate())
  }

  /// Makes the directory `name` if it is not there; says whether it was made.
  @discardableResult
  package borrowing func makeDirectory(
    _ name: String, mode: UInt32 = 0o700
  ) throws(SystemError) -> Bool {
    try Self.check(name)
    let number = descriptor.number
    do throws(SystemError) {
      _ = try attempt("mkdirat") { unsafe mkdirat(number, name, mode) }
      return true
    } catch let error where error.isAlreadyExisting {
      return false
    }
  }

  /// Makes the directory at an absolute path if it is not there and its parent is: packages make them, scratch
  /// set-ups need not.
  package static func make(_ path: String) throws(SystemError) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
    let name = String(path[slash...].dropFirst())
    let parent = slash == path.startIndex ? "/" : String(path[..<slash])
    if name.isEmpty { return }
    _ = try Directory(path: parent).makeDirectory(name)
  }

  /// Fails if this process may not make files in the directory.
  package borrowing func checkWritable() throws(SystemError) {
    let number = descriptor.number
    _ = try attempt("faccessat2") {
      unsafe faccessat(number, ".", W_OK | X_OK, AT_EACCESS)
    }
  }

  /// Opens an existing file for reading.
  package borrowing func open(_ name: String) throws(SystemError) -> Descriptor {
    try Self.check(name)
    return try Descriptor.opening(
      at: descriptor.number, name, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK, mode: 0)
  }

  /// Opens an existing file for reading and for changes in place.
  package borrowing func openForUpdate(_ name: String) throws(SystemError) -> Descriptor {
    try Self.check(name)
    return try Descriptor.opening(
      at: descriptor.number, name, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK, mode: 0)
  }

  /// Makes a new file; fails with `EEXIST` if the name is taken.
  package borrowing func create(
    _ name: String, mode: UInt32 = 0o600
  ) throws(SystemError) -> Descriptor {
    try Self.check(name)
    return try Descriptor.opening(
      at: descriptor.number, name, flags: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
  }

  /// Moves a file, replacing one of the new name.
  package borrowing func rename(
    _ name: String, to target: borrowing Directory, as newName: String
  ) throws(SystemError) {
    try move(name, to: target, as: newName, flags: 0)
  }

  /// Moves a file; fails with `EEXIST` if the new name is taken.
  ///
  /// Some file systems (NFS, several of FUSE) cannot exclude that: there the file gets its new name as a second
  /// one and loses the old one then. If the old name cannot be removed, it stays and nothing is thrown, since the
  /// file is where it was to be.
  package borrowing func renameExclusively(
    _ name: String, to target: borrowing Directory, as newName: String
  ) throws(SystemError) {
    do throws(SystemError) {
      try move(name, to: target, as: newName, flags: UInt32(cl_RENAME_NOREPLACE))
    } catch let error where error.isNotSupported {
      try link(name, to: target, as: newName)
      _ = try? remove(name)
    }
  }

  private borrowing func move(
    _ name: String, to target: borrowing Directory, as newName: String, flags: UInt32
  ) throws(SystemError) {
    try Self.check(name)
    try Self.check(newName)
    let from = descriptor.number
    let to = target.descriptor.number
    _ = try attempt("renameat2") { unsafe renameat2(from, name, to, newName, flags) }
  }

  /// Gives a file a second name; fails with `EEXIST` if the name is taken.
  package borrowing func link(
    _ name: String, to target: borrowing Directory, as newName: String
  ) throws(SystemError) {
    try Self.check(name)
    try Self.check(newName)
    let from = descriptor.number
    let to = target.descriptor.number
    _ = try attempt("linkat") { unsafe linkat(from, name, to, newName, 0) }
  }

  /// Removes a file; says whether it was there.
  @discardableResult
  package borrowing func remove(_ name: String) throws(SystemError) -> Bool {
    try Self.check(name)
    let number = descriptor.number
    do throws(SystemError) {
      _ = try attempt("unlinkat") { unsafe unlinkat(number, name, 0) }
      return true
    } catch let error where error.isNotFound {
      return false
    }
  }

  /// Removes an empty directory; fails with `ENOTEMPTY` if it is not.
  package borrowing func removeDirectory(_ name: String) throws(SystemError) {
    try Self.check(name)
    let number = descriptor.number
    _ = try attempt("unlinkat") { unsafe unlinkat(number, name, AT_REMOVEDIR) }
  }

  /// Size, times and owner of a file, not of what a link points to.
  package borrowing func status(of name: String) throws(SystemError) -> FileStatus {
    try Self.check(name)
    let number = descriptor.number
    var raw = stat()
    _ = try attempt("newfstatat") {
      unsafe fstatat(number, name, &raw, AT_SYMLINK_NOFOLLOW)
    }
    return FileStatus(raw)
  }

  /// Whether there is a directory of that name; anything else of the name is an error.
  package borrowing func isDirectoryThere(_ name: String) throws(SystemError) -> Bool {
    do throws(SystemError) {
      _ = try subdirectory(name)
      return true
    } catch let error where error.isNotFound {
      return false
    }
  }

  /// Sets a file's time of last change, Unix time in seconds.
  package borrowing func setModified(_ name: String, _ seconds: Int64) throws(SystemError) {
    try Self.check(name)
    let number = descriptor.number
    _ = try attempt("utimensat") { unsafe cl_set_modified(number, name, Int(seconds)) }
  }

  /// Keeps every other process that asks for it from having this lock, until this value ends.
  ///
  /// - Throws: an error with `isWouldBlock` when another one has it.
  package borrowing func lock() throws(SystemError) {
    let number = descriptor.number
    _ = try attempt("flock") { flock(number, LOCK_EX | LOCK_NB) }
  }

  /// Moves a file so that a power cut leaves it under one of its names at least; fails with `EEXIST` if the new
  /// name is taken.
  ///
  /// **Durability**: the move itself may be undone by a power cut. Where renames are not whole, the new name is
  /// synced before the old one goes, and a power cut may leave both.
  package borrowing func relocate(
    _ name: String, to target: borrowing Directory, as newName: String, _ durability: Durability
  ) throws(SystemError) {
    guard durability == .separate else {
      return try renameExclusively(name, to: target, as: newName)
    }
    do throws(SystemError) { try link(name, to: target, as: newName) } catch let error
      where error.isNotSupported
    {
      // A directory, or a file system without second names.
      return try renameExclusively(name, to: target, as: newName)
    }
    do throws(SystemError) {
      try target.synchronize()
      try remove(name)
    } catch {
      _ = try? target.remove(newName)
      throw error
    }
  }

  /// Returns when the names in the directory are on the device.
  ///
  /// Where directories cannot be synced by themselves all of the file system is.
  package borrowing func synchronize() throws(SystemError) {
    do throws(SystemError) { try descriptor.synchronize() } catch let error
      where error.isNotSupported
    {
      try descriptor.synchronizeFileSystem()
    }
  }

  private static func check(_ name: String) throws(SystemError) {
    if name.isEmpty || name == "." || name == ".."
      || name.utf8.contains(where: { $0 == 0x2F || $0 == 0 })
    {
      throw SystemError(code: EINVAL, call: "openat")
    }
  }
}

extension Descriptor {
  static func opening(
    at directory: Int32, _ path: String, flags: Int32, mode: UInt32
  ) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try attempt("openat") {
        unsafe cl_openat(directory, path, flags | O_CLOEXEC | O_NOCTTY, mode)
      })
  }

  /// Opens the file at an absolute path from the configuration for reading.
  package static func reading(path: String) throws(SystemError) -> Descriptor {
    try opening(at: AT_FDCWD, path, flags: O_RDONLY | O_NONBLOCK, mode: 0)
  }
}
