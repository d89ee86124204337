package import Platform

/// A queued message with its file open, for the time of one attempt.
package final class OpenMessage: Sendable {
  /// The envelope as it was when the message was opened.
  package let envelope: QueueEnvelope
  /// The size of the content with CRLF line ends: what SIZE declares (RFC 1870 §6).
  package let wireBytes: Int
  /// The size of the content as it is stored.
  package let contentBytes: Int
  /// The content up to where the first read of the file ended: all of a small message.
  package let beginning: [UInt8]
  private let file: Descriptor
  /// When the next attempt was planned, Unix time in seconds; before the first one, the time of arrival.
  private let planned: Int64

  /// How much is read at a time, in bytes.
  private static let pieceBytes = 16 << 10

  /// Opens the file and reads the envelope; blocks.
  init(_ message: QueuedMessage, in directories: SpoolDirectories) throws(Spool.Stranger) {
    let name = message.name.description
    var beginning: [UInt8] = []
    var envelope: QueueEnvelope?
    do throws(SystemError) {
      file = try directories.with(message.folder) { folder throws(SystemError) in
        try folder.openForUpdate(name)
      }
      let status = try file.status()
      planned = status.modified
      if status.isRegular && status.bytes == Int(message.name.bytes) {
        while envelope == nil && beginning.count < QueueEnvelope.limitBytes {
          // The envelope of nearly every message is in the first piece, and most messages are whole. A
          // long envelope is not to be parsed again for each further one.
          let piece = max(Self.pieceBytes, beginning.count)
          if try file.read(upTo: piece, at: beginning.count, appendingTo: &beginning) == 0 { break }
          envelope = QueueEnvelope(parsing: beginning)
        }
      }
    } catch {
      throw Spool.Stranger(
        file: name, reason: "\(error)", isTemporary: !error.isNotFound && !error.isWrongKindOfFile)
    }
    guard let envelope else {
      throw Spool.Stranger(
        file: name, reason: "its size is not what its name says, or its envelope is not whole")
    }
    self.envelope = envelope
    contentBytes = Int(message.name.bytes) - envelope.contentOffset
    self.beginning = Array(beginning[envelope.contentOffset...])
    let lines = Int(message.name.wireBytes) - Int(message.name.bytes)
    let envelopeLines = beginning[..<envelope.contentOffset].count { $0 == UInt8(ascii: "\n") }
    // A name may say what it likes.
    wireBytes = max(contentBytes, contentBytes + lines - envelopeLines)
  }

  /// Reads at most `count` bytes of the content, `offset` bytes from its beginning; blocks.
  package func read(upTo count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    try file.read(upTo: count, at: envelope.contentOffset + offset, appendingTo: &bytes)
    return bytes
  }

  /// How long the message would have waited yet; nil where its time had come, by a clock that may have been set since.
  package var timeLeft: Duration? {
    let seconds = planned - WallClock.now
    return seconds > 0 ? .seconds(seconds) : nil
  }

  /// Records what has become of a recipient; blocks until it is on the device.
  ///
  /// - Parameter index: the place of the recipient in the envelope.
  package func mark(_ states: [(index: Int, state: QueueEnvelope.State)]) throws(SystemError) {
    for (index, state) in states {
      try file.write(state.rawValue, at: envelope.recipients[index].offset)
    }
    try file.synchronizeData()
  }

  /// Records that the sender has been told of a delay; blocks.
  ///
  /// It need not be durable: after a crash the sender is told a second time at worst.
  package func markDelayReported() throws(SystemError) {
    guard let offset = envelope.delayReportOffset else { return }
    try file.write(QueueEnvelope.State.delivered.rawValue, at: offset)
  }

  /// Writes why the message is still here, for the admin; blocks.
  func setStatus(_ text: String) throws(SystemError) {
    try file.write(QueueEnvelope.status(text), at: envelope.statusOffset)
  }
}
