import EventLoop
import Platform
import TLS

/// What is remembered of next servers between connections, in memory only: how to resume TLS with them,
/// which of them want it to begin with a short message, and which can be sent a chunk.
///
/// **Limits**: `Limits.knownServers`, those that something was learnt of last.
@Loop
final class KnownServers {
  private struct Record {
    let target: HopAddress
    /// Nil where none was sent, and none can be yet.
    var takesChunks: Bool?
    /// Until when TLS begins with a short message; nil for as it comes.
    var shortHelloEnd: Instant?
    /// A ticket counts for the context it came with, for that decides what is trusted.
    var resumption: (ticket: TLSTicket, context: TLSContext, since: Instant)?
  }

  /// The one that something was learnt of last comes last.
  private var records: [Record] = []

  /// Whether content is to be sent to the server in a chunk if it offers CHUNKING; nil where that is not
  /// known yet.
  func takesChunks(_ target: HopAddress) -> Bool? {
    records.first { $0.target == target }?.takesChunks
  }

  /// Notes that the server answers in step, and so can be sent a chunk, unless it has shown that it cannot.
  func noteInStep(_ target: HopAddress) {
    if takesChunks(target) == nil { update(target) { $0.takesChunks = true } }
  }

  /// Notes that the server has offered CHUNKING and could not do it.
  func noteBrokenChunking(at target: HopAddress) {
    update(target) { $0.takesChunks = false }
  }

  /// Whether TLS with the server is to begin with a short message.
  func wantsShortHello(_ target: HopAddress) -> Bool {
    records.first { $0.target == target }?.shortHelloEnd.map { $0 > .now } ?? false
  }

  /// Notes that the server has answered a short first message of TLS, and not a long one.
  func noteShortHello(_ target: HopAddress) {
    update(target) { $0.shortHelloEnd = .now + Limits.shortHelloMemory }
  }

  /// What a connection to the server can resume; nil where there is nothing, or nothing that is fresh.
  func ticket(for target: HopAddress, _ context: TLSContext) -> TLSTicket? {
    guard
      let known = records.first(where: { $0.target == target })?.resumption,
      known.context === context, known.since + Limits.ticketAge > .now
    else { return nil }
    return known.ticket
  }

  /// Keeps what the next connection to the server can resume.
  ///
  /// - Parameter isResumed: whether it comes of a connection that was resumed, and so without a look at
  ///   the certificate: then it is no fresher than what it was resumed with.
  func keep(
    _ ticket: TLSTicket, for target: HopAddress, _ context: TLSContext, isResumed: Bool
  ) {
    update(target) { record in
      if isResumed, record.resumption?.context !== context { return }
      let since = isResumed ? record.resumption?.since : .now
      record.resumption = since.map { (ticket, context, $0) }
    }
  }

  /// Forgets the ticket: a session that a server has aborted is not to be resumed (RFC 5246 §7.2.2).
  func forgetTicket(of target: HopAddress) {
    if records.contains(where: { $0.target == target && $0.resumption != nil }) {
      update(target) { $0.resumption = nil }
    }
  }

  /// Forgets everything, as when the settings have changed.
  func forget() { records = [] }

  private func update(_ target: HopAddress, _ change: (inout Record) -> Void) {
    let place = records.firstIndex { $0.target == target }
    var record = place.map { records.remove(at: $0) } ?? Record(target: target)
    change(&record)
    records.append(record)
    if records.count > Limits.knownServers { records.removeFirst() }
  }
}
