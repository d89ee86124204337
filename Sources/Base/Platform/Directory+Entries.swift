internal import CLinux

extension Directory {
  /// Calls `body` with the name of each entry that is not hidden, in the order of the file system.
  ///
  /// The bytes are valid during the call only. Names that start with a dot are left out, as every
  /// Maildir reader does. Costs one `getdents64` per 32 KiB of names, and no call per file.
  package borrowing func forEachEntry(
    _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void
  ) throws(SystemError) {
    // A descriptor of its own, because the position in the directory belongs to the open file.
    let own = try Descriptor.opening(
      at: descriptor.number, ".", flags: O_DIRECTORY | O_RDONLY, mode: 0)
    let number = own.number
    let capacity = 32 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
    defer { unsafe buffer.deallocate() }
    while true {
      let filled = try attemptCounting("getdents64") {
        unsafe cl_getdents64(number, buffer.baseAddress, capacity)
      }
      if filled == 0 { return }
      var offset = 0
      while offset < filled {
        // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name.
        let length = unsafe Int(buffer.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
        let room = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset + 19..<offset + length])
        let end = unsafe room.firstIndex(of: 0) ?? room.count
        offset += length
        if unsafe end == 0 || room[0] == UInt8(ascii: ".") { continue }
        try unsafe body(UnsafeRawBufferPointer(rebasing: room[..<end]))
      }
    }
  }

  /// The names of all entries that are not hidden, in the order of the file system.
  package borrowing func entryNames() throws(SystemError) -> [String] {
    var names: [String] = []
    try unsafe forEachEntry { name throws(SystemError) in
      unsafe names.append(String(decoding: name, as: UTF8.self))
    }
    return names
  }
}
