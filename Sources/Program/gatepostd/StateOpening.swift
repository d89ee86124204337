import EventLoop
import Log
import Platform

/// The way to a state directory that can be written; it is made where only it is missing.
///
/// **Failures**: without it grants and verifiers are kept in memory, and it is tried again.
@Loop
final class StateOpening {
  private let path: String
  private let troubles: Troubles

  init(_ path: String, troubles: Troubles) {
    self.path = path
    self.troubles = troubles
  }

  /// Says whether the directory can be written.
  @discardableResult
  func attempt() -> Bool {
    let subject = "state \(path)"
    do throws(SystemError) {
      try Directory.make(path)
      try Directory(path: path).checkWritable()
      troubles.end(subject, "can be written")
      return true
    } catch {
      troubles.begin(
        subject,
        "\(error); grants are kept in memory and end with this process; give it to this user")
      return false
    }
  }

  /// Attempts until it works.
  func run() async { await Attempts.repeatUntilDone { attempt() } }
}
