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
final class MessageTransfer {
  private let index: Int
  private let maildrop: OpenMaildrop
  private let session: RetrievalSession
  private var encoder = WireEncoder()
  /// The end of TOP; nil for the whole message.
  private var cut: TopCut?
  private var wire: [UInt8] = []
  /// Octets of content that were encoded and are not in `wire` any more, with the doubled dots.
  private var sentBytes = 0
  /// Octets in `wire` that are no content.
  private var frameBytes = 0
  /// Whether all of the answer is with the connection.
  private(set) var isComplete = false

  init(
    _ index: Int, bodyLines: Int?, of maildrop: OpenMaildrop, on session: RetrievalSession
  ) {
    self.index = index
    self.maildrop = maildrop
    self.session = session
    cut = bodyLines.map(TopCut.init(bodyLines:))
  }

  /// Octets of the message that was sent, as LIST tells them (RFC 1939 §11).
  var contentBytes: Int { sentBytes - frameBytes - encoder.doubledDots }

  /// Sends the message, or says why not.
  func run() async throws(ConnectionError) {
    guard let reading = try await open() else { return }
    begin(with: reading.beginning)
    if let file = reading.rest { try await sendRest(of: file) }
    encoder.finish(into: &wire)
    frameBytes += ".\r\n".utf8.count
    sentBytes += wire.count
    try await session.connection.write(wire, until: session.deadline)
    isComplete = true
  }

  private func open() async throws(ConnectionError) -> MessageReading? {
    let failure: SystemError?
    do throws(SystemError) {
      // Commands that wait already are likely to ask for what follows.
      let expectsMore = cut == nil && session.connection.hasBufferedInput
      if let reading = try await maildrop.open(index, expectsMore: expectsMore) {
        return reading
      }
      failure = nil
    } catch {
      failure = error
    }
    try await session.send(refusal(because: failure))
    return nil
  }

  /// The answer when the message has gone, or cannot be read.
  @inline(never)
  private func refusal(because failure: SystemError?) -> Reply {
    if let failure { report(failure) }
    return session.protocolSession.messageUnavailable(isGone: failure == nil)
  }

  @inline(never)
  private func begin(with stored: [UInt8]) {
    wire = session.protocolSession.messageOpened(index).bytes
    frameBytes = wire.count
    add(stored)
  }

  private func sendRest(of file: OpenFile) async throws(ConnectionError) {
    var isLast = false
    while !isLast && cut?.isComplete != true {
      try await session.connection.write(wire, until: session.deadline)
      sentBytes += wire.count
      wire.removeAll(keepingCapacity: true)
      // Over a slow line a message may take longer than the window.
      session.extendGrantIfDue()
      isLast = try await addNext(of: file)
    }
  }

  /// Reads and encodes a chunk; says whether it was the last one.
  private func addNext(of file: OpenFile) async throws(ConnectionError) -> Bool {
    do throws(SystemError) {
      let chunk = try await maildrop.read(file)
      add(chunk.bytes)
      return chunk.isLast
    } catch {
      report(error)
      throw .system(error)
    }
  }

  @inline(never)
  private func add(_ stored: [UInt8]) {
    let count = cut?.take(stored.span) ?? stored.count
    // Room for a CR in each line, so that the buffer does not grow by copying itself.
    wire.reserveCapacity(wire.count + count + count / 32 + 64)
    encoder.encode(stored.span.extracting(first: count), into: &wire)
  }

  @inline(never)
  private func report(_ error: SystemError) {
    Log.say(.error, "maildrop of \(maildrop.user): message \(index + 1): \(error)")
  }
}
