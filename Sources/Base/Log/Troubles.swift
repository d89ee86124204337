package import EventLoop
import Platform

/// The standing troubles: what the daemon does without at the moment, and goes on without.
///
/// The log tells of a trouble when it begins, when its sentence changes, once a day while it stands, and when it ends;
/// `gatepost status` lists those that stand.
///
/// **Limits**: 64 subjects; the log alone tells of one above that.
@Loop
package final class Troubles {
  /// A trouble that stands.
  package struct Trouble: Equatable, Sendable {
    /// Names the part in question, as in `listen smtp 192.168.1.1:25`; a subject has one trouble at a time.
    package let subject: String
    /// What happened, and what the admin has to do, in a sentence.
    package fileprivate(set) var sentence: String
  }

  /// The troubles that stand, the oldest first.
  package private(set) var standing: [Trouble] = []
  private let say: @Sendable (Severity, String) -> Void

  private static let limit = 64
  private static let reminder: Duration = .seconds(24 * 60 * 60)

  /// - Parameter say: writes a line to the log; tests replace it.
  package init(say: @escaping @Sendable (Severity, String) -> Void = { Log.say($0, $1) }) {
    self.say = say
  }

  /// Notes that a trouble stands; nothing is said of one that is known with this sentence.
  package func begin(_ subject: String, _ sentence: String) {
    if let index = standing.firstIndex(where: { $0.subject == subject }) {
      if standing[index].sentence == sentence { return }
      standing[index].sentence = sentence
    } else if standing.count < Self.limit {
      standing.append(Trouble(subject: subject, sentence: sentence))
    }
    say(.warning, "\(subject): \(sentence)")
  }

  /// Notes that the subject has no trouble any more; nothing is said where it had none.
  ///
  /// - Parameter sentence: tells how things are now, as in `serves again`.
  package func end(_ subject: String, _ sentence: String) {
    guard let index = standing.firstIndex(where: { $0.subject == subject }) else { return }
    standing.remove(at: index)
    say(.notice, "\(subject): \(sentence)")
  }

  /// Says each trouble once more.
  package func remind() {
    for trouble in standing { say(.warning, "\(trouble.subject): \(trouble.sentence)") }
  }

  /// Reminds once a day, until the program stops.
  package func run() async {
    do throws(WaitError) {
      while true {
        try await Loop.shared.eventLoop.sleep(until: .now + Self.reminder)
        remind()
      }
    } catch {
      // The program stops.
    }
  }
}
