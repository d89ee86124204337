import EventLoop
import Log
import Platform
import Relaying
import Spool

/// The way to a spool that can be used, and is this process's alone.
///
/// **Failures**: until the spool can be used, mail is put off in every protocol, and it is tried again.
@Loop
final class SpoolOpening {
  private let path: String
  private let spool: Spool
  private let longestDelay: Duration
  private let troubles: Troubles
  private var lock: SpoolLock?

  init(_ path: String, _ spool: Spool, longestDelay: Duration, troubles: Troubles) {
    self.path = path
    self.spool = spool
    self.longestDelay = longestDelay
    self.troubles = troubles
  }

  private var subject: String { "spool \(path)" }

  /// Opens the spool and reads the queue; says whether it can be used.
  func attempt() async -> Bool {
    if spool.failure == nil { return true }
    do throws(SystemError) {
      if lock == nil {
        try Directory.make(path)
        lock = try SpoolLock(path)
      }
      for stranger in try await spool.open(longestDelay: longestDelay) {
        Log.record(stranger.event)
      }
      Log.say(.info, "\(subject): \(spool.syncing)")
      troubles.end(subject, "can be used; \(spool.count) messages queued")
      return true
    } catch {
      let what =
        lock == nil && error.isWouldBlock
        ? "another gatepostd works on it; stop that one" : "\(error)"
      troubles.begin(subject, "\(what); until it can be used, all mail is put off")
      return false
    }
  }

  /// Attempts until it works.
  func run() async { await Attempts.repeatUntilDone { await attempt() } }
}

/// What keeps a second daemon from delivering the same queue, for as long as this one lives.
final class SpoolLock: Sendable {
  private let directory: Directory

  /// - Throws: an error with `isWouldBlock` where another process has the lock.
  init(_ path: String) throws(SystemError) {
    directory = try Directory(path: path)
    try directory.lock()
  }
}
