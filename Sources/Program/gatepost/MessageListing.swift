import Mail
import Platform
import Spool

/// What the list says of one file of the queue.
struct MessageListing {
  let lines: [String]
  let bytes: Int

  /// Reads the file; nil if it is gone meanwhile, for the server goes on delivering.
  init?(
    _ name: String, in directory: borrowing Directory, _ folder: QueueFolder
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
      lines = ["\(shown) is not a message of Gatepost; it is set aside when it is found"]
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
    let last = String(escaping: envelope.status.utf8)
    switch folder {
    case .new: lines.append("    not tried yet")
    case .current:
      let wait = status.modified - now
      let next = wait > 0 ? "next attempt in \(Age(seconds: wait))" : "next attempt now"
      lines.append("    \(next); last: \(last)")
    case .held: lines.append("    held; last: \(last)")
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
