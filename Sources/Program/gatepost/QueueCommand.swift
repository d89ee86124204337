import ArgumentParser
import Configuration
import Mail
import Platform
import Spool

/// The command `gatepost queue`.
struct QueueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue",
    abstract: "List the messages that wait to be delivered, the oldest first.",
    discussion: """
      For each message: its identifier, size, age and sender, and when it is tried next; then what \
      happened at the last attempt; then the recipients, after "-" those still to do, after "+" those \
      that have it, after "!" those that cannot have it.
      """)

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    let spool = try place.load().server.spool + "/queue"
    var bytes = 0
    var count = 0
    do throws(SystemError) {
      let queue = try Directory(path: spool)
      let new = try queue.subdirectory("new")
      let current = try queue.subdirectory("cur")
      let names = try new.entryNames().map { ($0, false) } + current.entryNames().map { ($0, true) }
      for (name, wasTried) in names.sorted(by: { $0.0 < $1.0 }) {
        guard
          let message = wasTried
            ? try MessageListing(name, in: current, wasTried: true)
            : try MessageListing(name, in: new, wasTried: false)
        else { continue }
        message.lines.forEach(Console.say)
        bytes += message.bytes
        count += 1
      }
    } catch {
      // The server makes the queue when it starts for the first time.
      if !error.isNotFound { throw Failure(reading: spool, error) }
    }
    Console.say(
      count == 0
        ? "the queue is empty"
        : "\(count) \(count == 1 ? "message" : "messages"), \(ByteCount(bytes: bytes).rounded)")
  }
}

/// What the list says of one file of the queue.
private struct MessageListing {
  let lines: [String]
  let bytes: Int

  /// Reads the file; nil if it is gone meanwhile, for the server goes on delivering.
  init?(
    _ name: String, in directory: borrowing Directory, wasTried: Bool
  ) throws(SystemError) {
    var beginning: [UInt8] = []
    var envelope: QueueEnvelope?
    let status: FileStatus
    do throws(SystemError) {
      let file = try directory.open(name)
      status = try file.status()
      while envelope == nil, beginning.count < Self.envelopeBytes {
        if try file.read(upTo: 4 << 10, at: beginning.count, appendingTo: &beginning) == 0 { break }
        envelope = QueueEnvelope(parsing: beginning)
      }
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
    bytes = status.bytes
    let shown = String(escaping: name.utf8)
    guard let envelope else {
      lines = ["\(shown) is not a message of Gatepost and is never tried"]
      return
    }
    let now = WallClock.now
    // `SECONDS.UNIQUE`, which is how the log names the message.
    let id = name.utf8.split(separator: UInt8(ascii: ".")).prefix(2).joined(separator: [0x2E])
    var lines = [
      String(escaping: id) + "  \(ByteCount(bytes: status.bytes).rounded)"
        + "  \(Age(seconds: now - envelope.arrived)) old  from <"
        + String(escaping: envelope.reversePath.utf8) + ">"
    ]
    if wasTried {
      let wait = status.modified - now
      let next = wait > 0 ? "next attempt in \(Age(seconds: wait))" : "next attempt now"
      lines.append("    \(next); last: \(String(escaping: envelope.status.utf8))")
    } else {
      lines.append("    not tried yet")
    }
    for recipient in envelope.recipients {
      let mark = String(decoding: [recipient.state.rawValue], as: UTF8.self)
      lines.append("    \(mark) <\(String(escaping: recipient.address.utf8))>")
    }
    self.lines = lines
  }

  /// Beyond this a file has no envelope: room for a thousand long addresses.
  private static let envelopeBytes = 512 << 10
}
