internal import CLinux

/// What must be synced so that a new or moved file outlives a power cut; a promise of the file system.
package enum Durability: Equatable, Sendable {
  /// One journal carries the map of a file, its size and its names, in this order, and a commit is preceded by a
  /// flush of the device. Data that was written back before the file got its name is durable with the sync of
  /// the directory. A rename is there as a whole or not at all.
  case ordered
  /// Each file and each directory is synced by itself. A rename is there as a whole or not at all.
  case wholeRenames
  /// Each file and each directory is synced by itself, and nothing else is implied: a rename may lose the old
  /// name first, and a removed name may come back and stand for the file that has got its inode. Taken also
  /// where nothing is known.
  case separate
}

/// The file system that holds a directory, as far as durability turns on it.
package struct FileSystem: Equatable, Sendable, CustomStringConvertible {
  /// The name of the kind, as `ext4`; empty where it cannot be told.
  package let kind: String
  /// What is mounted, as `/dev/sda1`.
  package let source: String
  /// Whether there is a journal; nil where that cannot be told, or does not matter.
  package let hasJournal: Bool?
  /// Whether blocks of a removed file may be written to before the journal has its removal, so that a power cut
  /// brings the name back for the content of somebody else (`data=writeback` of ext3 and ext4).
  package let reusesBlocksAtOnce: Bool

  /// A file system of this kind; tests make one up.
  package init(
    kind: String, source: String = "", hasJournal: Bool? = nil, reusesBlocksAtOnce: Bool = false
  ) {
    self.kind = kind
    self.source = source
    self.hasJournal = hasJournal
    self.reusesBlocksAtOnce = reusesBlocksAtOnce
  }

  /// What must be synced here.
  ///
  /// The magic of `statfs` does not tell: ext2, ext3 and ext4 with and without a journal share it.
  package var durability: Durability {
    switch kind {
    case "ext2", "ext3", "ext4":
      hasJournal == true && !reusesBlocksAtOnce ? .ordered : .separate
    case "xfs": .ordered
    case "btrfs": .wholeRenames
    default: .separate
    }
  }

  /// As in `ext4 without a journal on /dev/sda1`.
  package var description: String {
    let name = kind.isEmpty ? "an unknown file system" : kind
    let journal =
      switch hasJournal {
      case true?: " with a journal" + (reusesBlocksAtOnce ? " and data=writeback" : "")
      case false?: " without a journal"
      case nil: kind.hasPrefix("ext") ? ", with or without a journal" : ""
      }
    return name + journal + (source.isEmpty ? "" : " on \(source)")
  }

  /// A line of `/proc/self/mountinfo`, as proc_pid_mountinfo(5) describes it.
  struct Mount: Equatable {
    var id: String
    /// The device, `MAJOR:MINOR`.
    var device: String
    var kind: String
    var source: String
    /// The options of the file system, separated by commas.
    var options: String

    /// Parses a line; nil if it is none.
    init?(parsing line: Substring) {
      let halves = line.split(separator: " ", omittingEmptySubsequences: false)
      // Optional fields end with a single dash.
      guard halves.count > 6, let dash = halves[6...].firstIndex(of: "-"), halves.count > dash + 3
      else { return nil }
      id = String(halves[0])
      device = String(halves[2])
      kind = String(halves[dash + 1])
      source = String(halves[dash + 2])
      options = String(halves[dash + 3])
    }
  }

  /// The mount with this number in the text of `/proc/self/mountinfo`.
  static func mount(numbered id: String, in text: String) -> Mount? {
    text.split(separator: "\n").lazy.compactMap { Mount(parsing: $0) }.first { $0.id == id }
  }

  /// The number of the mount in the text of `/proc/self/fdinfo/N`.
  static func mountNumber(in text: String) -> String? {
    text.split(separator: "\n").first { $0.hasPrefix("mnt_id:") }.map { line in
      String(line.dropFirst("mnt_id:".count).drop { $0 == " " || $0 == "\t" })
    }
  }

  /// Whether the text of `/sys/fs/ext4/NAME/journal_task` names the task of a journal.
  static func hasJournal(_ text: String) -> Bool {
    text.utf8.first.map { (0x31...0x39).contains($0) } ?? false
  }
}

extension Descriptor {
  /// The file system that holds the file; one without a name where `/proc` or `/sys` cannot be read.
  package borrowing func fileSystem() -> FileSystem {
    guard let facts = FileSystem.text("/proc/self/fdinfo/\(number)"),
      let id = FileSystem.mountNumber(in: facts),
      let mounts = FileSystem.text("/proc/self/mountinfo"),
      let mount = FileSystem.mount(numbered: id, in: mounts)
    else { return FileSystem(kind: "") }
    guard ["ext2", "ext3", "ext4"].contains(mount.kind),
      let name = FileSystem.name(ofDevice: mount.device)
    else { return FileSystem(kind: mount.kind, source: mount.source) }
    // An option that the file system has by itself (tune2fs) stands in the second file alone.
    let options =
      mount.options.split(separator: ",").map(String.init)
      + (FileSystem.text("/proc/fs/ext4/\(name)/options") ?? "").split(separator: "\n").map(
        String.init)
    return FileSystem(
      kind: mount.kind, source: mount.source,
      // The driver of ext2 has no such file, and no journal.
      hasJournal: FileSystem.text("/sys/fs/ext4/\(name)/journal_task").map(FileSystem.hasJournal),
      reusesBlocksAtOnce: options.contains("data=writeback"))
  }

  /// Returns when all of the file system that holds the file is on the device.
  package borrowing func synchronizeFileSystem() throws(SystemError) {
    let number = self.number
    _ = try attempt("syncfs") { syncfs(number) }
  }
}

extension FileSystem {
  /// The kernel's name of the device `MAJOR:MINOR`, as `sda1`.
  fileprivate static func name(ofDevice device: String) -> String? {
    var target = [CChar](repeating: 0, count: 1024)
    let length = unsafe target.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return -1 }
      return unsafe readlink("/sys/dev/block/\(device)", base, buffer.count)
    }
    guard length > 0, let name = target[..<length].split(separator: CChar(0x2F)).last else {
      return nil
    }
    return String(decoding: name.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// A file of the kernel's; nil where it cannot be read.
  fileprivate static func text(_ path: String) -> String? {
    var bytes: [UInt8] = []
    do throws(SystemError) {
      let file = try Descriptor.reading(path: path)
      // Its size is not known before: the kernel makes the text while it is read.
      while bytes.count < 4 << 20,
        try file.read(upTo: 16 << 10, at: bytes.count, appendingTo: &bytes) > 0
      {}
    } catch {
      return nil
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
