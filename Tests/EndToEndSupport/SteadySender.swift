import Foundation
import Synchronization

/// A client on a thread of its own that hands in one message after another for alice until its server
/// is gone: each has a field `S:` with a number of its own.
package final class SteadySender: Sendable {
  private let numbers = Mutex<(next: Int, accepted: Set<Int>, doubtful: Int?)>((0, [], nil))
  private let end = DispatchSemaphore(value: 0)

  package init(port: UInt16, from first: Int) {
    numbers.withLock { $0.next = first }
    Thread.detachNewThread { [self] in
      // The server dies at any moment.
      try? run(port)
      end.signal()
    }
  }

  /// How many messages have been accepted.
  package var count: Int { numbers.withLock { $0.accepted.count } }

  /// Waits for the end, and returns the messages that were accepted and one whose answer never came.
  package func result() -> (accepted: Set<Int>, doubtful: Int?) {
    end.wait()
    return numbers.withLock { ($0.accepted, $0.doubtful) }
  }

  private func run(_ port: UInt16) throws {
    let client = try Client(port: port)
    guard try client.reply().hasPrefix("220") else { return }
    client.send("HELO load.example\r\n")
    _ = try client.reply()
    while true {
      for command in ["MAIL FROM:<x@far.example>", "RCPT TO:<alice@home.example>", "DATA"] {
        client.send("\(command)\r\n")
        guard let first = try client.reply().first, "23".contains(first) else { return }
      }
      let number = numbers.withLock { numbers in
        numbers.doubtful = numbers.next
        numbers.next += 1
        return numbers.next - 1
      }
      client.send("S: \(number)\r\n.\r\n")
      guard try client.reply().hasPrefix("250") else { return }
      numbers.withLock { numbers in
        numbers.accepted.insert(number)
        numbers.doubtful = nil
      }
    }
  }
}
