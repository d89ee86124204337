internal import CLinux

/// What `fstat` tells of a file, as far as mail needs it.
package struct FileStatus: Equatable, Sendable {
  /// The length in bytes.
  package var bytes: Int
  /// The time of the last change of the content, Unix time in seconds.
  package var modified: Int64
  /// The nanoseconds that belong to `modified`.
  package var modifiedNanoseconds: Int64
  /// The time of the last change of content, name or owner, Unix time in seconds; nobody can set it.
  package var changed: Int64
  /// The number of the device or file system that the inode is on.
  package var device: UInt64
  /// The inode number; together with `modified` and `bytes` it tells one version of a file.
  package var inode: UInt64
  /// How many names the file has.
  package var links: Int
  /// The permission bits.
  package var mode: UInt32
  /// The owner and the group.
  package var owner: UInt32, group: UInt32
  /// Whether it is an ordinary file, not a directory, link or device.
  package var isRegular: Bool
  /// Whether it is a Unix socket.
  package var isSocket: Bool
  /// Whether it is a symbolic link, and not what that points to.
  package var isLink: Bool

  init(_ raw: stat) {
    // The same with the size of a file that is a hole.
    bytes = min(Int(raw.st_size), 1 << 42)
    // Whoever owns a file may date it to the end of all numbers: no sum with it may overflow.
    modified = min(max(Int64(raw.st_mtim.tv_sec), -1 << 40), 1 << 40)
    modifiedNanoseconds = Int64(raw.st_mtim.tv_nsec)
    changed = Int64(raw.st_ctim.tv_sec)
    device = UInt64(raw.st_dev)
    inode = UInt64(raw.st_ino)
    links = Int(raw.st_nlink)
    mode = raw.st_mode & 0o7777
    owner = raw.st_uid
    group = raw.st_gid
    isRegular = raw.st_mode & 0o170000 == 0o100000
    isSocket = raw.st_mode & 0o170000 == 0o140000
    isLink = raw.st_mode & 0o170000 == 0o120000
  }
}

extension FileStatus {
  /// The status of what is at an absolute path from the configuration; links are followed.
  package init(path: String) throws(SystemError) {
    var raw = stat()
    _ = try attempt("newfstatat") { unsafe stat(path, &raw) }
    self.init(raw)
  }
}

extension Descriptor {
  /// Size, times and owner of the open file.
  package borrowing func status() throws(SystemError) -> FileStatus {
    let number = self.number
    var raw = stat()
    _ = try attempt("fstat") { unsafe fstat(number, &raw) }
    return FileStatus(raw)
  }

  /// Returns when the file's data, and what is needed to find it again, is on the device.
  ///
  /// Durability: `fdatasync(2)`, which ends with a flush of the device's cache.
  package borrowing func synchronizeData() throws(SystemError) {
    let number = self.number
    _ = try attempt("fdatasync") { fdatasync(number) }
  }

  /// Returns when the file or directory and all its attributes are on the device.
  package borrowing func synchronize() throws(SystemError) {
    let number = self.number
    _ = try attempt("fsync") { fsync(number) }
  }

  /// Starts writing the file's data to the device, and returns when the device has taken it.
  ///
  /// Durability: none by itself, for the device may still hold the data in its cache, and the file
  /// system its map in its journal. See `Durability.ordered`. Where the kernel has no such call the data is
  /// synced.
  package borrowing func writeBack() throws(SystemError) {
    let number = self.number
    do throws(SystemError) {
      _ = try attempt("sync_file_range") {
        sync_file_range(number, 0, 0, UInt32(cl_SYNC_FILE_RANGE_WRITE_AND_WAIT))
      }
    } catch let error where error.isNotSupported {
      try synchronizeData()
    }
  }

  /// Starts writing the file's data to the device without waiting for it.
  package borrowing func startWriteBack() throws(SystemError) {
    let number = self.number
    do throws(SystemError) {
      _ = try attempt("sync_file_range") {
        sync_file_range(number, 0, 0, UInt32(cl_SYNC_FILE_RANGE_WRITE))
      }
    } catch let error where error.isNotSupported {
      // It is written when it is synced.
    }
  }

  /// Sets the time of last change, Unix time in seconds.
  package borrowing func setModified(_ seconds: Int64) throws(SystemError) {
    let number = self.number
    _ = try attempt("utimensat") { cl_set_modified(number, nil, Int(seconds)) }
  }

  /// Sets the permission bits, whatever the umask.
  package borrowing func setMode(_ mode: UInt32) throws(SystemError) {
    let number = self.number
    _ = try attempt("fchmod") { fchmod(number, mode) }
  }

  /// Gives the file to an owner and group; needs privilege where that is not the own one.
  package borrowing func setOwner(_ owner: UInt32, group: UInt32) throws(SystemError) {
    let number = self.number
    _ = try attempt("fchown") { fchown(number, owner, group) }
  }

  /// The whole content, read from the start.
  ///
  /// - Throws: `EFBIG` when the file is longer than `limit` bytes.
  package borrowing func readAll(limit: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    let size = try status().bytes
    if size > limit { throw SystemError(code: EFBIG, call: "read") }
    bytes.reserveCapacity(size + 1)
    while try read(upTo: 16 << 10, at: bytes.count, appendingTo: &bytes) > 0 {
      if bytes.count > limit { throw SystemError(code: EFBIG, call: "read") }
    }
    return bytes
  }

  /// Space on the file system that holds the file.
  package borrowing func fileSystemSpace() throws(SystemError) -> FileSystemSpace {
    let number = self.number
    var raw = statvfs()
    _ = try attempt("fstatfs") { unsafe fstatvfs(number, &raw) }
    return FileSystemSpace(
      bytes: Int(clamping: UInt64(raw.f_blocks) &* UInt64(raw.f_frsize)),
      freeBytes: Int(clamping: UInt64(raw.f_bavail) &* UInt64(raw.f_frsize)),
      freeFiles: raw.f_files == 0 ? .max : Int(clamping: raw.f_favail),
      isReadOnly: raw.f_flag & 1 /* ST_RDONLY */ != 0)
  }
}

/// What a file system has, and what is free for an unprivileged process.
package struct FileSystemSpace: Equatable, Sendable {
  /// All bytes.
  package var bytes: Int
  /// Free bytes.
  package var freeBytes: Int
  /// Free inodes; `Int.max` on file systems that have no fixed number.
  package var freeFiles: Int
  /// Whether nothing can be written: it is mounted so, or the kernel has made it so after an error.
  package var isReadOnly: Bool

  package init(bytes: Int, freeBytes: Int, freeFiles: Int = .max, isReadOnly: Bool = false) {
    self.bytes = bytes
    self.freeBytes = freeBytes
    self.freeFiles = freeFiles
    self.isReadOnly = isReadOnly
  }
}
