internal import EventLoop
internal import Platform

/// One question put to one server, over UDP and, where the answer does not fit, over TCP.
///
/// ldns can do this too, but it takes any datagram that reaches its port for the answer: from any
/// address, with any identifier, to any question (seen with ldns 1.8.3). Here a datagram counts only
/// if it comes from the server asked (the kernel sees to that), repeats the random identifier and
/// repeats the question (RFC 5452 §9.1); others are passed over and the wait goes on.
struct Exchange {
  let question: Question
  let server: SocketAddress
  /// When to give up.
  let deadline: Instant

  /// What the server says, checked and parsed.
  ///
  /// **Failures**: `DNSError`, each of them a reason to try the next server.
  @Loop
  func answer() async throws(DNSError) -> Message {
    let message = try await answer(allowsLongReply: true)
    // A server from before RFC 6891 does not understand the offer to take a long reply.
    return message.code == 1 ? try await answer(allowsLongReply: false) : message
  }

  @Loop
  private func answer(allowsLongReply: Bool) async throws(DNSError) -> Message {
    let identifier = try reporting { () throws(SystemError) in try randomBytes(count: 2) }
    let query = question.message(
      identifier: UInt16(identifier[0]) << 8 | UInt16(identifier[1]),
      allowsLongReply: allowsLongReply)
    if let message = try await datagram(for: query) { return message }
    return try await stream(for: query)
  }

  /// The reply over UDP; nil if it says that it was cut short.
  @Loop
  private func datagram(for query: [UInt8]) async throws(DNSError) -> Message? {
    let socket = try reporting { () throws(SystemError) in
      let socket = try Descriptor.datagrams(with: server)
      try Loop.shared.eventLoop.register(socket)
      _ = try socket.send(query)
      return socket
    }
    var strays = 0
    while strays < Limits.strayDatagrams {
      let reply = try await receive(from: socket, atMost: 4096)
      guard isReply(reply, to: query) else {
        strays += 1
        continue
      }
      if reply[2] & Self.truncationBit != 0 { return nil }
      guard let message = Message(reply) else { throw .malformed }
      if answers(message) { return message }
      strays += 1
    }
    throw .timedOut
  }

  /// The reply over TCP, where each message follows its length (RFC 1035 §4.2.2).
  @Loop
  private func stream(for query: [UInt8]) async throws(DNSError) -> Message {
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
    var received: [UInt8] = []
    while true {
      if received.count >= 2 {
        let length = Int(received[0]) << 8 | Int(received[1])
        if length > Limits.messageBytes { throw .malformed }
        if received.count >= 2 + length {
          let reply = Array(received[2..<2 + length])
          guard isReply(reply, to: query), let message = Message(reply), answers(message) else {
            throw .malformed
          }
          return message
        }
      }
      let bytes = try await receive(from: socket, atMost: 4096)
      if bytes.isEmpty { throw .malformed }
      received += bytes
    }
  }

  /// Whether the header is that of a reply with the identifier of the query.
  private func isReply(_ reply: [UInt8], to query: [UInt8]) -> Bool {
    let replyBit: UInt8 = 0x80
    let operationBits: UInt8 = 0x78
    return reply.count >= 12 && reply[0] == query[0] && reply[1] == query[1]
      && reply[2] & (replyBit | operationBits) == replyBit
  }

  private static let truncationBit: UInt8 = 0x02

  /// Whether the question is ours; a server that reports a failure may leave it out.
  private func answers(_ message: Message) -> Bool {
    message.question == question || message.questionCount == 0 && message.code != 0
  }

  /// What arrives next, at most `count` bytes; empty at the end of a stream.
  @Loop
  private func receive(
    from socket: borrowing Descriptor, atMost count: Int
  ) async throws(DNSError) -> [UInt8] {
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
      try await waiting { () throws(WaitError) in
        try await Loop.shared.eventLoop.waitUntilReadable(
          number, until: deadline, isInterruptible: true)
      }
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
