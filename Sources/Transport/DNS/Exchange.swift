internal import EventLoop
internal import Platform

/// One question put to one server, over UDP and, where the answer does not fit, over TCP.
///
/// ldns can do this too, but it takes any datagram that reaches its port for the answer: from any
/// address, with any identifier, to any question (seen with ldns 1.8.3). Here a datagram counts only
/// if it comes from the server asked (the kernel sees to that), repeats the random identifier and
/// repeats the question (RFC 5452 §9.1); others are passed over and the wait goes on.
///
/// A question is sent again to a server that is silent, from the same port with the same identifier: so a late answer to
/// the first try counts, and whoever forges answers has no more chances than with one question.
struct Exchange {
  let question: Question
  let server: SocketAddress
  /// How long after each try the next one follows; after the last one there is only the deadline.
  let waits: [Duration]
  /// When to give up.
  let deadline: Instant
  /// Whether it is offered to take a long reply (RFC 6891); every other try goes without, as some do not answer it.
  let offersLongReply: Bool

  /// What a server has said.
  struct Reply: Sendable {
    let message: Message
    /// Whether the server answers only where it is not offered to take a long reply.
    let refusesLongReply: Bool
  }

  /// What has been sent to a server, and what it has made of it.
  private struct Course {
    let identifier: UInt16
    var offersLongReply: Bool
    var longTries = 0
    var plainTries = 0
    /// How often it has refused the offer, or whatever else it has not understood.
    var refusals = 0
    var tries: Int { longTries + plainTries }
  }

  /// What the server says, checked and parsed.
  ///
  /// **Failures**: `DNSError`, each of them a reason to try the next server.
  @Loop
  func reply() async throws(DNSError) -> Reply {
    let random = try reporting { () throws(SystemError) in try randomBytes(count: 2) }
    var course = Course(
      identifier: UInt16(random[0]) << 8 | UInt16(random[1]), offersLongReply: offersLongReply)
    if let message = try await datagram(&course) {
      // One that knows of the offer says so where it was made.
      let isSilent = course.longTries > 0 && course.plainTries > 0 && !message.hasExtension
      return Reply(message: message, refusesLongReply: course.refusals > 0 || isSilent)
    }
    let message = try await stream(for: query(course, isLong: course.offersLongReply))
    return Reply(message: message, refusesLongReply: false)
  }

  private func query(_ course: Course, isLong: Bool) -> [UInt8] {
    question.message(identifier: course.identifier, allowsLongReply: isLong)
  }

  /// The reply over UDP; nil if it says that it was cut short.
  @Loop
  private func datagram(_ course: inout Course) async throws(DNSError) -> Message? {
    let socket = try reporting { () throws(SystemError) in
      let socket = try Descriptor.datagrams(with: server)
      try Loop.shared.eventLoop.register(socket)
      return socket
    }
    try send(&course, over: socket)
    var next = Instant.now + waits[0]
    var strays = 0
    while strays < Limits.strayDatagrams {
      let isLast = course.tries >= waits.count
      guard
        let reply = try await receive(
          from: socket, atMost: 4096, until: isLast ? deadline : min(next, deadline))
      else {
        if isLast || .now >= deadline { throw .timedOut }
        next = .now + waits[course.tries]
        try send(&course, over: socket)
        continue
      }
      guard isReply(reply, to: course.identifier) else {
        strays += 1
        continue
      }
      if reply[2] & Self.truncationBit != 0 { return nil }
      guard let message = Message(reply) else { throw .malformed }
      guard answers(message) else {
        strays += 1
        continue
      }
      if Self.refusals.contains(message.code), course.refusals < course.longTries {
        course.refusals += 1
        course.offersLongReply = false
        if course.plainTries == 0 { try send(&course, over: socket) }
        continue
      }
      return message
    }
    throw .timedOut
  }

  /// FORMERR and NOTIMP: what servers from before RFC 6891 say to the offer (RFC 6891 §7).
  private static let refusals = [1, 4]

  private func send(_ course: inout Course, over socket: borrowing Descriptor) throws(DNSError) {
    let isLong = course.offersLongReply && course.tries % 2 == 0
    let query = query(course, isLong: isLong)
    if isLong { course.longTries += 1 } else { course.plainTries += 1 }
    do { _ = try socket.send(query) } catch { throw .network(error) }
  }

  /// The reply over TCP, where each message follows its length (RFC 1035 §4.2.2).
  ///
  /// - Throws: `.cutShort` where there is none: the server is there, and only this answer is not to be had.
  @Loop
  private func stream(for query: [UInt8]) async throws(DNSError) -> Message {
    do throws(DNSError) {
      return try await message(overStreamFor: query)
    } catch {
      switch error {
      case .network, .timedOut: throw .cutShort
      default: throw error
      }
    }
  }

  @Loop
  private func message(overStreamFor query: [UInt8]) async throws(DNSError) -> Message {
    let socket = try reporting { () throws(SystemError) in
      let socket = try Descriptor.connecting(to: server)
      try Loop.shared.eventLoop.register(socket)
      return socket
    }
    try await waiting { () throws(WaitError) in
      try await Loop.shared.eventLoop.waitUntilWritable(socket.number, until: deadline)
    }
    try reporting { () throws(SystemError) in
      if let error = try socket.connectionError() { throw error }
      // The buffer of a new connection takes a question whole.
      _ = try socket.send([UInt8(query.count >> 8), UInt8(query.count & 0xFF)] + query)
    }
    let identifier = UInt16(query[0]) << 8 | UInt16(query[1])
    var received: [UInt8] = []
    while true {
      if received.count >= 2 {
        let length = Int(received[0]) << 8 | Int(received[1])
        if length > Limits.messageBytes { throw .malformed }
        if received.count >= 2 + length {
          let reply = Array(received[2..<2 + length])
          guard isReply(reply, to: identifier), let message = Message(reply), answers(message)
          else {
            throw .malformed
          }
          return message
        }
      }
      guard let bytes = try await receive(from: socket, atMost: 4096, until: deadline) else {
        throw .timedOut
      }
      if bytes.isEmpty { throw .malformed }
      received += bytes
    }
  }

  /// Whether the header is that of a reply with the identifier of the query.
  private func isReply(_ reply: [UInt8], to identifier: UInt16) -> Bool {
    let replyBit: UInt8 = 0x80
    let operationBits: UInt8 = 0x78
    return reply.count >= 12 && UInt16(reply[0]) << 8 | UInt16(reply[1]) == identifier
      && reply[2] & (replyBit | operationBits) == replyBit
  }

  private static let truncationBit: UInt8 = 0x02

  /// Whether the question is ours; a server that reports a failure may leave it out.
  private func answers(_ message: Message) -> Bool {
    message.question == question || message.questionCount == 0 && message.code != 0
  }

  /// What arrives next, at most `count` bytes; empty at the end of a stream, nil if nothing comes in time.
  @Loop
  private func receive(
    from socket: borrowing Descriptor, atMost count: Int, until end: Instant
  ) async throws(DNSError) -> [UInt8]? {
    let number = socket.number
    while true {
      var failure: SystemError?
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        do throws(SystemError) {
          filled = try unsafe socket.receive(into: UnsafeMutableRawBufferPointer(buffer))
        } catch {
          failure = error
        }
      }
      guard let failure else { return bytes }
      guard failure.isWouldBlock else { throw .network(failure) }
      do throws(DNSError) {
        try await waiting { () throws(WaitError) in
          try await Loop.shared.eventLoop.waitUntilReadable(
            number, until: end, isInterruptible: true)
        }
      } catch let error where error == .timedOut { return nil }
    }
  }
}

@Loop
private func waiting(
  _ body: @Loop () async throws(WaitError) -> Void
) async throws(DNSError) {
  do {
    try await body()
  } catch .timedOut {
    throw .timedOut
  } catch {
    throw .interrupted
  }
}

private func reporting<Result: ~Copyable>(
  _ body: () throws(SystemError) -> Result
) throws(DNSError) -> Result {
  do {
    return try body()
  } catch {
    throw .network(error)
  }
}
