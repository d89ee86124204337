import EventLoop
import Synchronization
import TestSupport
import Testing

@testable import Log

@Suite struct TroublesTests {
  private final class Lines: Sendable {
    private let all = Mutex<[String]>([])
    func add(_ severity: Severity, _ line: String) {
      all.withLock { $0.append("\(severity) \(line)") }
    }
    var said: [String] { all.withLock { $0 } }
  }

  @Test("A trouble is said when it begins, changes and ends, and not in between")
  func changes() async {
    let lines = Lines()
    await onLoop {
      let troubles = Troubles { lines.add($0, $1) }
      troubles.begin("listen", "port 25 is taken")
      troubles.begin("listen", "port 25 is taken")
      troubles.begin("listen", "port 25 is not permitted")
      troubles.end("spool", "is there")
      troubles.end("listen", "serves again")
      #expect(troubles.standing.isEmpty)
    }
    #expect(
      lines.said == [
        "warning listen: port 25 is taken", "warning listen: port 25 is not permitted",
        "notice listen: serves again",
      ])
  }

  @Test("Those that stand are listed, oldest first, and said again by a reminder")
  func reminder() async {
    let lines = Lines()
    await onLoop {
      let troubles = Troubles { lines.add($0, $1) }
      troubles.begin("a", "one")
      troubles.begin("b", "two")
      troubles.begin("a", "three")
      #expect(troubles.standing.map(\.subject) == ["a", "b"])
      troubles.remind()
    }
    #expect(lines.said.suffix(2) == ["warning a: three", "warning b: two"])
  }
}
