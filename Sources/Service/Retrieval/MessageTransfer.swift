import EventLoop
import Log
import Mail
import Network
import POP3
import Platform

/// The answer to RETR or TOP: a message on its way from its file to the client.
///
/// **Failures**: what goes wrong before the first byte is an `-ERR`. After it the connection is
/// broken off, for an end of the content that came too early would make the client remove a message
/// that it has not got.
@Loop
struct MessageTransfer {
  private let index: Int
  private let maildrop: OpenMaildrop
  private var encoder = WireEncoder()
  /// The end of TOP; nil for the whole message.
  private var cut: TopCut?

  init(_ index: Int, bodyLines: Int?, of maildrop: OpenMaildrop) {
    self.index = index
    self.maildrop = maildrop
    cut = bodyLines.map(TopCut.init(bodyLines:))
  }

  /// Sends the message; says whether all of it was there.
  consuming func run(on session: RetrievalSession) async throws(ConnectionError) -> Bool {
    var wire: [UInt8]
    var reading: MessageReading?
    do throws(SystemError) {
      reading = try await maildrop.open(
        index, expectsMore: cut == nil && session.connection.hasBufferedInput)
    } catch {
      report(error)
      try await session.send(session.protocolSession.messageUnavailable(isGone: false))
      return false
    }
    guard let reading else {
      try await session.send(session.protocolSession.messageUnavailable(isGone: true))
      return false
    }
    wire = session.protocolSession.messageOpened(index).bytes
    wire.reserveCapacity(wire.count + reading.beginning.count * 17 / 16 + 16)
    encode(reading.beginning, into: &wire)
    if let file = reading.rest {
      var offset = reading.beginning.count
      while cut?.isComplete != true {
        try await session.connection.write(wire, until: session.deadline)
        wire.removeAll(keepingCapacity: true)
        let chunk = try await next(file, at: offset)
        if chunk.isEmpty { break }
        offset += chunk.count
        encode(chunk, into: &wire)
      }
    }
    encoder.finish(into: &wire)
    try await session.connection.write(wire, until: session.deadline)
    return true
  }

  private mutating func encode(_ stored: [UInt8], into wire: inout [UInt8]) {
    let count = cut?.take(stored.span) ?? stored.count
    encoder.encode(stored.span.extracting(first: count), into: &wire)
  }

  private func next(_ file: OpenFile, at offset: Int) async throws(ConnectionError) -> [UInt8] {
    do throws(SystemError) { return try await maildrop.read(file, at: offset) } catch {
      report(error)
      throw .system(error)
    }
  }

  private func report(_ error: SystemError) {
    Log.say(.error, "maildrop of \(maildrop.user): message \(index + 1): \(error)")
  }
}
