internal import CLinux

/// What the process holds of the machine's memory.
package enum Footprint {
  /// Gives back what only the start has needed.
  ///
  /// The heap's free pages go to the kernel. The pages of code and of symbol tables that the start has
  /// walked through are unmapped: they stay in the page cache, from where the few that are needed
  /// again come back without touching the disk, and the kernel may have the others. Only what is
  /// never written is touched; a page that was relocated would be lost.
  package static func settle() {
    releaseFilePages()
    malloc_trim(0)
  }

  private static func releaseFilePages() {
    guard let maps = try? Descriptor.reading(path: "/proc/self/maps").readAll(limit: 64 << 10)
    else { return }
    for line in maps.split(separator: UInt8(ascii: "\n")) {
      // 55d0c8a00000-55d0c8fd3000 r-xp 00172000 fe:00 123 /usr/sbin/gatepostd
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
      guard fields.count == 6, fields[5].contains(UInt8(ascii: "/")) else { continue }
      let isCode = fields[1].elementsEqual("r-xp".utf8)
      // The first segment of a program or library: headers and tables, which no relocation is for.
      let isHead =
        fields[1].elementsEqual("r--p".utf8) && fields[2].allSatisfy { $0 == UInt8(ascii: "0") }
      guard isCode || isHead else { continue }
      let range = fields[0].split(separator: UInt8(ascii: "-")).compactMap {
        UInt(String(decoding: $0, as: UTF8.self), radix: 16)
      }
      guard range.count == 2, range[0] < range[1] else { continue }
      unsafe madvise(
        UnsafeMutableRawPointer(bitPattern: range[0]), Int(range[1] - range[0]), MADV_DONTNEED)
    }
  }
}
