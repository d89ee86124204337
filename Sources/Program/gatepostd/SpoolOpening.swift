import EventLoop
import Log
import Platform
import Relaying
import Spool

/// The way to a spool that can be used, and is this process's alone; also back to one that was lost.
///
/// **Failures**: until the spool can be used, mail is put off in every protocol, and it is tried again.
@Loop
final class SpoolOpening {
  private let path: String
  private let spool: Spool
  private let relayer: Relayer
  private let troubles: Troubles
  /// Whether an attempt is under way.
  private var isBusy = false

  init(_ path: String, _ spool: Spool, _ relayer: Relayer, troubles: Troubles) {
    self.path = path
    self.spool = spool
    self.relayer = relayer
    self.troubles = troubles
  }

  private var subject: String { "spool \(path)" }

  /// Opens the spool and reads the queue; says whether it can be used.
  ///
  /// - Parameter adopts: whether the admin says that what is there is the spool.
  @discardableResult
  func attempt(adopts: Bool = false) async -> Bool {
    if spool.obstacle == nil { return true }
    if isBusy { return false }
    isBusy = true
    defer { isBusy = false }
    // What is under way was taken from the queue as it was before, and would be found a second time.
    if relayer.isWorking {
      tell("attempts of delivery from before still have to end")
      return false
    }
    do throws(SpoolObstacle) {
      for stranger in try await spool.open(longestDelay: relayer.longestWait, adopts: adopts) {
        Log.record(stranger.event)
      }
      Log.say(.info, "\(subject): \(spool.syncing)")
      troubles.end(subject, "can be used; \(spool.count) messages queued")
      return true
    } catch {
      tell(error.sentence)
      return false
    }
  }

  private func tell(_ sentence: String) {
    troubles.begin(subject, "\(sentence); until it can be used, all mail is put off")
  }

  /// Attempts until it works, at the start and whenever the spool is lost, until the program stops.
  func run() async {
    do throws(WaitError) {
      while true {
        var attempts = Attempts(longestPause: .seconds(5))
        while await !attempt() { try await attempts.wait() }
        try await spool.lost.wait()
        if let obstacle = spool.obstacle { tell(obstacle.sentence) }
      }
    } catch {
      // The program stops.
    }
  }

  /// Takes what is there for the spool; returns why that cannot be, or nil.
  func adopt() async -> String? {
    if await attempt(adopts: true) { return nil }
    return spool.obstacle?.sentence ?? "it is being opened; try again in a moment"
  }
}
