import Foundation
import Synchronization

/// A program that was started, which its owner has to end.
///
/// Foundation's `Process` copies more of a directory entry than there is when it looks for what to close, and
/// so crashes now and then where tests start hundreds of programs.
package final class ChildProcess: Sendable {
  /// The process id.
  package let pid: Int32
  /// The exit code, or the number of the signal that ended it; nil before the end.
  private let end = Mutex<Int32?>(nil)

  /// How many descriptors the tests may have open: four thousand have been seen, for clients by the hundred.
  ///
  /// A program that had the other end of its own input would never see the end of it.
  private static let closedDescriptors: Int32 = 16_384

  /// Starts a program with nothing open but these, and with no signal blocked or ignored: threads of
  /// Dispatch block all of them, and programs that are started there would too.
  ///
  /// - Parameter error: where what it complains of goes; nil for to `output`.
  package init(
    _ path: String, _ arguments: [String], input: FileHandle = .nullDevice,
    output: FileHandle = .nullDevice, error: FileHandle? = nil
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let handles = [input, output, error ?? output]
    for (number, handle) in handles.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, handle.fileDescriptor, Int32(number))
    }
    // What is not open is passed over.
    for number in 3..<Self.closedDescriptors {
      posix_spawn_file_actions_addclose(&actions, number)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: Int32 = 0
    let error = posix_spawn(&pid, path, &actions, &attributes, &words, environ)
    if error != 0 { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EIO) }
    self.pid = pid
    withExtendedLifetime(handles) {}
  }

  /// Whether it has not ended yet.
  package var isRunning: Bool { status(options: WNOHANG) == nil }

  /// Waits for the end.
  ///
  /// - Returns: the exit code, or the number of the signal that ended it.
  @discardableResult
  package func wait() -> Int32 { status(options: 0) ?? -1 }

  private func status(options: Int32) -> Int32? {
    end.withLock { end in
      if let end { return end }
      var status: Int32 = 0
      var found: Int32
      repeat { found = waitpid(pid, &status, options) } while found < 0 && errno == EINTR
      guard found == pid else { return nil }
      end = status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F
      return end
    }
  }
}

extension Pipe {
  /// What was written into it, up to where nobody can write more: the end that a child has got is given up
  /// here.
  package func readToEnd() throws -> Data {
    try fileHandleForWriting.close()
    return try fileHandleForReading.readToEnd() ?? Data()
  }
}
