internal import CLinux

/// What the process holds of the machine's memory.
package enum Footprint {
  /// Gives back what only the start has needed.
  ///
  /// The heap's free pages go to the kernel. The pages of code that the start has walked through are
  /// unmapped: they stay in the page cache, from where the few that are needed again come back without
  /// touching the disk, and the kernel may have the others. Only code is touched, which is never
  /// written; a page that was relocated would be lost.
  package static func settle() {
    releaseCode()
    malloc_trim(0)
  }

  private static func releaseCode() {
    guard let maps = try? Descriptor.reading(path: "/proc/self/maps").readAll(limit: 64 << 10)
    else { return }
    for line in maps.split(separator: UInt8(ascii: "\n")) {
      // 55d0c8a00000-55d0c8fd3000 r-xp 00172000 fe:00 123 /usr/sbin/gatepostd
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
      guard fields.count == 6, fields[1].elementsEqual("r-xp".utf8),
        fields[5].contains(UInt8(ascii: "/"))
      else { continue }
      let range = fields[0].split(separator: UInt8(ascii: "-")).compactMap {
        UInt(String(decoding: $0, as: UTF8.self), radix: 16)
      }
      guard range.count == 2, range[0] < range[1] else { continue }
      unsafe madvise(
        UnsafeMutableRawPointer(bitPattern: range[0]), Int(range[1] - range[0]), MADV_DONTNEED)
    }
  }
}
