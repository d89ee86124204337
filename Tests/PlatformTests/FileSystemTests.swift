import Foundation
import TestSupport
import Testing

@testable import Platform

/// File systems told apart by what the kernel says of them.
@Suite struct FileSystemTests {
  @Test(
    "A line of mountinfo is read, whatever optional fields it has",
    arguments: [
      (
        "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
        ("36", "98:0", "ext3", "/dev/root")
      ),
      ("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw", ("27", "254:0", "ext4", "/dev/vda")),
      (
        "612 28 0:46 /spool /var/spool/gate\\040post rw shared:7 master:2 unbindable - btrfs /dev/sda3 rw",
        ("612", "0:46", "btrfs", "/dev/sda3")
      ),
      ("9 1 0:20 / /x rw - fuse.unionfs none rw", ("9", "0:20", "fuse.unionfs", "none")),
    ])
  func line(_ line: String, _ wanted: (String, String, String, String)) throws {
    let mount = try #require(FileSystem.Mount(parsing: line[...]))
    #expect((mount.id, mount.device, mount.kind, mount.source) == wanted)
    #expect(FileSystem.mount(numbered: wanted.0, in: "1 2 3\n\(line)\n") == mount)
    #expect(FileSystem.mount(numbered: wanted.0 + "0", in: line) == nil)
  }

  @Test(
    "A line that is none gives nothing", arguments: ["", "36 35 98:0", "1 2 3 4 5 6 7 8 - ext4"])
  func noLine(_ line: String) { #expect(FileSystem.Mount(parsing: line[...]) == nil) }

  @Test("The number of a mount stands in fdinfo")
  func mountNumber() {
    #expect(FileSystem.mountNumber(in: "pos:\t0\nflags:\t02100000\nmnt_id:\t36\nino:\t7\n") == "36")
    #expect(FileSystem.mountNumber(in: "pos:\t0\n") == nil)
  }

  @Test("The driver of ext names the task of its journal, or <none>")
  func journal() {
    #expect(FileSystem.hasJournal("312\n"))
    #expect(!FileSystem.hasJournal("<none>\n"))
    #expect(!FileSystem.hasJournal(""))
  }

  @Test(
    "Only a journal that is known of promises anything",
    arguments: [
      ("ext4", true, .ordered), ("ext3", true, .ordered), ("ext4", false, .separate),
      ("ext2", false, .separate), ("ext2", nil, .separate), ("ext4", nil, .separate),
      ("xfs", nil, .ordered), ("btrfs", nil, .wholeRenames), ("f2fs", nil, .separate),
      ("nfs4", nil, .separate), ("overlay", nil, .separate), ("", nil, .separate),
    ] as [(String, Bool?, Durability)])
  func durability(kind: String, hasJournal: Bool?, wanted: Durability) {
    #expect(FileSystem(kind: kind, hasJournal: hasJournal).durability == wanted)
    let writeback = FileSystem(kind: kind, hasJournal: hasJournal, reusesBlocksAtOnce: true)
    #expect(writeback.durability == (kind.hasPrefix("ext") ? .separate : wanted))
  }

  @Test("The kind is what findmnt(8) of util-linux says", arguments: ["/proc", "/dev/shm", "/sys"])
  func kind(_ path: String) throws {
    let found = try Directory(path: path).descriptor.fileSystem()
    let pipe = Pipe()
    let program = try ChildProcess(
      "/usr/bin/findmnt", ["-n", "-o", "FSTYPE", "-T", path], output: pipe.fileHandleForWriting)
    try pipe.fileHandleForWriting.close()
    let findmnt = String(
      decoding: try #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
    _ = program.wait()
    #expect(found.kind == findmnt.split(separator: "\n").last.map(String.init))
  }
}
