import Foundation
import TestSupport

/// A file system of a few megabytes, mounted as long as the value lives.
package final class SmallDisk {
  /// Where it is mounted.
  package let path: String
  private let scratch: ScratchDirectory

  package init(megabytes: Int) throws {
    scratch = try ScratchDirectory()
    path = scratch.path
    let run = try Program.run(
      "mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", path])
    guard run.status == 0 else { throw Overdue(description: "mount: \(run.output)") }
  }

  deinit { _ = try? Program.run("umount", ["--lazy", path]) }
}
