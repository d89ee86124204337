extension Directory {
  /// Puts a file with this content in the place of `name`, if there is one: a reader sees the old file or the
  /// new one.
  ///
  /// It has one caller at a time for a name, as the file beside it, `NAME.new`, has one name.
  ///
  /// **Durability**: the content is on the device before the file has its name, where `isSynced` says so; a
  /// crash may bring the old file back.
  ///
  /// - Parameter isOvertaken: is asked at the last moment; where it says yes the old file stays.
  /// - Returns: the status of the new file; nil if the old one has stayed.
  /// - Throws: why the old file has stayed.
  @discardableResult
  package borrowing func replace(
    _ name: String, with content: [UInt8], mode: UInt32 = 0o600, isSynced: Bool = true,
    unless isOvertaken: () throws(SystemError) -> Bool = { () throws(SystemError) in false }
  ) throws(SystemError) -> FileStatus? {
    let draft = "\(name).new"
    do throws(SystemError) {
      // One that is there was left by a crash.
      try remove(draft)
      let file = try create(draft, mode: mode)
      try file.writeAll(content)
      if isSynced { try file.synchronizeData() }
      let status = try file.status()
      if try isOvertaken() {
        try remove(draft)
        return nil
      }
      try rename(draft, to: self, as: name)
      return status
    } catch {
      // On a full disk it would keep the space that others wait for.
      _ = try? remove(draft)
      throw error
    }
  }
}
