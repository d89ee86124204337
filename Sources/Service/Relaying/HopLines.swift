import EventLoop
import Platform
import Spool

/// The lines of messages that wait for their turn at a destination, so that they hold no delivery while
/// those for other destinations could go.
///
/// The lines are called in turn, one message each time, and so is the queue: a thousand messages for a
/// slow server delay nobody but themselves. Who stands in a line is kept by the spool, and may be taken
/// out of it there.
///
/// **Limits**: `Limits.lines` lines.
@Loop
final class HopLines {
  /// What a line waits for.
  enum Key: Hashable {
    /// A session or a place, or the next turn.
    case hop(Hop)
    /// The window of a route; one line for all its destinations.
    case window(route: Int, version: Int)

    /// Whether it is a matter of turns and places, and not of hours.
    var isOfHop: Bool { if case .hop = self { true } else { false } }
  }

  private let spool: Spool
  /// The line that was called last stands at the end.
  private var lines: [(key: Key, number: Int)] = []
  private var lastNumber = 0
  /// The messages that were called and have not been at their destination yet.
  private var called: [QueueID: Key] = [:]

  init(spool: Spool) { self.spool = spool }

  /// Whether somebody stands in the line, or was called from it and is not there yet.
  func isOccupied(_ key: Key) -> Bool {
    called.values.contains(key)
      || lines.contains { $0.key == key && spool.count(inLine: $0.number) > 0 }
  }

  /// Puts a message into a line, at its end unless it was called from it; false if there are too many
  /// lines.
  func park(_ message: QueuedMessage, for key: Key, atFront: Bool) -> Bool {
    lines.removeAll { spool.count(inLine: $0.number) == 0 }
    var number = lines.first { $0.key == key }?.number
    if number == nil, lines.count < Limits.lines {
      lastNumber += 1
      lines.append((key, lastNumber))
      number = lastNumber
    }
    guard let number else { return false }
    spool.park(message, inLine: number, atFront: atFront)
    return true
  }

  /// Calls the first message of the next line that has been waited for the longest.
  ///
  /// - Parameter room: how many messages of a line could be taken now.
  func call(_ room: (Key) -> Int) -> QueuedMessage? {
    let expected = called.values.reduce(into: [Key: Int]()) { $0[$1, default: 0] += 1 }
    for place in lines.indices {
      let line = lines[place]
      guard room(line.key) > expected[line.key, default: 0],
        let message = spool.takeParked(inLine: line.number)
      else {
        continue
      }
      called[message.name.id] = line.key
      lines.append(lines.remove(at: place))
      return message
    }
    return nil
  }

  /// The line that a message was called from; nil if it was not.
  func caller(of message: QueuedMessage) -> Key? { called[message.name.id] }

  /// Notes that a message that was called has come to its destination, or never will.
  func endCall(of message: QueuedMessage) { called[message.name.id] = nil }

  /// The lines in which somebody stands.
  var keys: [Key] { lines.filter { spool.count(inLine: $0.number) > 0 }.map(\.key) }
}
