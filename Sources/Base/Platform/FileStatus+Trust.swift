internal import CLinux

/// Whose word a file is.
extension FileStatus {
  /// Whether others than the owner may write it.
  package var isWritableByOthers: Bool { mode & 0o022 != 0 }

  /// Whether it belongs to root, to the user that this process acts as, or to that other user.
  package func isOwned(orBy other: UInt32? = nil) -> Bool {
    owner == 0 || owner == geteuid() || owner == other
  }
}
