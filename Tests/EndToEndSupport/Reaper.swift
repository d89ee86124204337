import Foundation
import Synchronization
import TestSupport

/// Ends the processes that the tests have started, even if the tests themselves are killed.
///
/// A shell reads the process ids from a pipe and ends them when the pipe does; then it removes the
/// directories of what lives as long as the tests.
enum Reaper {
  private static let script = """
    pids=" "
    while read -r verb name; do
      case $verb in
        add) pids="$pids$name " ;;
        gone) pids="${pids%% $name *} ${pids#* $name }" ;;
        remove) set -- "$@" "$name" ;;
      esac
    done
    for pid in $pids; do kill -TERM "$pid"; done 2>/dev/null
    rm -rf "$@"
    """

  private static let pipe = Mutex<FileHandle?>(nil)

  static func adopt(_ pid: Int32) { tell("add \(pid)") }

  static func forget(_ pid: Int32) { tell("gone \(pid)") }

  static func remove(directory: String) { tell("remove \(directory)") }

  private static func tell(_ line: String) {
    pipe.withLock { pipe in
      if pipe == nil { pipe = start() }
      pipe?.write(Data("\(line)\n".utf8))
    }
  }

  private static func start() -> FileHandle? {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = try? ChildProcess(
      "/bin/sh", ["-c", script],
      input: FileHandle(fileDescriptor: ends[0], closeOnDealloc: true),
      output: .standardOutput, error: .standardError)
    return FileHandle(fileDescriptor: ends[1])
  }
}
