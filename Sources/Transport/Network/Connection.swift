package import EventLoop
package import Platform
import TLS

/// A stream connection, plain or TLS, read by lines or in bulk.
///
/// An idle connection holds no buffer: bytes are received into one scratch buffer of the loop, and
/// only what the reader leaves over is kept.
///
/// What is written gathers until 16 KiB are there, or until the connection is about to wait for the
/// peer: so a group of pipelined commands is answered by one segment, and nobody waits for a reply
/// that has not been sent.
///
/// **Limits**: at most one receive (16 KiB) is buffered beyond what the reader has asked for; a
/// peer that does not read stops the writer.
///
/// **Failures**: every wait has a deadline; after an error the connection is only good for closing. A
/// peer that sends faster than it is served is never waited for: it is stopped between two turns.
@Loop
package final class Connection {
  /// The other end.
  package let peer: SocketAddress
  let descriptor: Descriptor
  var session: TLSSession?
  private(set) var input: [UInt8] = []
  /// How much of `input` has been consumed.
  private(set) var consumed = 0
  private var output: [UInt8] = []
  /// Whether something that was written has never come as far as the kernel.
  private var hasUnsentOutput = false
  private var stepsInTurn = 0
  /// Since when the peer is waited for to say something; nil while it is not.
  private(set) var idleSince: Instant?
  /// Whether the client has proved to be somebody: it never has to make room for another.
  package var hasLoggedIn = false
  private var isDismissed = false

  static let scratchBytes = 16 << 10
  private static let outputBytes = 16 << 10
  /// How many bytes of an overlong line are skipped before the connection is given up.
  static let skippedBytes = 64 << 10
  /// How many lines and receives a connection may find waiting before the others have their turn:
  /// one receive can hold thousands of commands.
  private static let stepsPerTurn = 32

  /// The one receive buffer: nothing is kept in it across a suspension.
  private static let scratch = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: scratchBytes)

  /// A connection over a connected non-blocking socket.
  package init(_ descriptor: consuming Descriptor, peer: SocketAddress) throws(SystemError) {
    try Loop.shared.eventLoop.register(descriptor)
    self.descriptor = descriptor
    self.peer = peer
  }

  /// A connection to `address`, made before `deadline`.
  package static func connect(
    to address: SocketAddress, from source: IPAddress? = nil, until deadline: Instant
  ) async throws(ConnectionError) -> Connection {
    let connection: Connection
    do throws(SystemError) {
      let descriptor = try Descriptor.connecting(to: address, from: source)
      connection = try Connection(descriptor, peer: address)
    } catch {
      throw .system(error)
    }
    try await connection.waitUntilWritable(until: deadline)
    do throws(SystemError) {
      if let error = try connection.descriptor.connectionError() { throw error }
      try connection.descriptor.giveUpLostPeer(after: Limits.lostPeer)
    } catch {
      throw .system(error)
    }
    return connection
  }

  /// The address of this end.
  package var localAddress: SocketAddress? {
    do throws(SystemError) { return try descriptor.localAddress() } catch { return nil }
  }

  /// Whether the peer's kernel has confirmed all that was written, or may have.
  package var mayBeConfirmed: Bool {
    // Where TLS has failed it may have sent an alert since.
    let alertBytes = session == nil ? 0 : 64
    return !hasUnsentOutput && output.isEmpty
      && descriptor.unconfirmedBytes() ?? 0 <= alertBytes
  }

  /// Whether the peer has sent something that nobody has read yet.
  package var hasBufferedInput: Bool { consumed < input.count }

  /// Whether the peer has sent something that nobody has read yet, the kernel's share included.
  ///
  /// - Throws: `.closed` if the peer has ended the stream, or what has broken it.
  package func hasInput() throws(ConnectionError) -> Bool {
    if hasBufferedInput { return true }
    switch try receiveOnce() {
    case .bytes(0): throw .closed
    case .bytes(let count):
      unsafe input.append(contentsOf: UnsafeBufferPointer(rebasing: Self.scratch[..<count]))
      return true
    case .mustRead, .mustWrite: return false
    }
  }

  // MARK: Reading

  /// Whether a client has spoken before it was greeted, which no mail program does (RFC 5321 §4.3.1).
  ///
  /// Call it just before the greeting.
  ///
  /// - Parameter deadline: until when such a client is waited for; nil for not at all.
  /// - Throws: `.tlsOnPlainPort` if the client begins a TLS handshake.
  package func hasEarlyInput(until deadline: Instant? = nil) async throws(ConnectionError) -> Bool {
    if let deadline {
      do throws(ConnectionError) {
        try await waitUntilReadable(until: deadline, isInterruptible: true)
      } catch {
        guard case .wait(.timedOut) = error else { throw error }
      }
    }
    input = descriptor.peek(upTo: 2)
    defer { input = [] }
    if isHandshake { throw .tlsOnPlainPort }
    return hasBufferedInput
  }

  /// The next line without its line end, CRLF or LF; nil if it is longer than `limit` bytes.
  ///
  /// An overlong line has been skipped up to its end when nil is returned.
  ///
  /// - Throws: `.tlsOnPlainPort` as soon as a TLS handshake begins where a line should: its client
  ///   would wait for an answer as long as we would wait for the end of the line.
  package func readLine(
    limit: Int, until deadline: Instant, isInterruptible: Bool = false
  ) async throws(ConnectionError) -> [UInt8]? {
    try await takeStep(isInterruptible: isInterruptible)
    var search = LineSearch(limit: limit)
    while true {
      switch try take(&search) {
      case .line(let line): return line
      case .tooLong: return nil
      case .incomplete: break
      }
      let count = try await unsafe receive(until: deadline, isInterruptible: isInterruptible) {
        unsafe input.append(contentsOf: $0)
      }
      if count == 0 { throw .closed }
    }
  }

  /// Hands what has arrived to `body`, which says how many bytes it has used; waits if nothing has.
  ///
  /// What `body` leaves over comes first at the next read.
  ///
  /// - Throws: `.closed` at the end of the stream.
  package func read(
    until deadline: Instant, _ body: (Span<UInt8>) -> Int
  ) async throws(ConnectionError) {
    if hasBufferedInput {
      consume(body(input.span.extracting(consumed...)))
      return
    }
    let count = try await unsafe receive(until: deadline, isInterruptible: false) { bytes in
      let used = unsafe body(bytes.span)
      if used < bytes.count {
        unsafe input.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[used...]))
      }
    }
    if count == 0 { throw .closed }
  }

  func consume(_ count: Int) {
    consumed += count
    if consumed == input.count {
      input = []
      consumed = 0
    } else if consumed >= Self.scratchBytes {
      input.removeFirst(consumed)
      consumed = 0
    }
  }

  /// Receives once, waiting if need be, and calls `body` with the bytes unless the stream has ended.
  private func receive(
    until deadline: Instant, isInterruptible: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) async throws(ConnectionError) -> Int {
    try await takeStep(isInterruptible: isInterruptible)
    while true {
      switch try receiveOnce() {
      case .bytes(let count):
        if count == 0 { return 0 }
        unsafe body(UnsafeBufferPointer(rebasing: Self.scratch[..<count]))
        return count
      case .mustRead:
        stepsInTurn = 0
        if !output.isEmpty { try await flush(until: deadline) }
        try await waitUntilReadable(until: deadline, isInterruptible: isInterruptible)
      case .mustWrite:
        try await waitUntilWritable(until: deadline)
      }
    }
  }

  /// Counts a step, and after some of them lets the others have their turn.
  ///
  /// Between two turns is also where a connection ends that never has to wait: the stop of the
  /// program would otherwise last as long as its peer goes on sending.
  private func takeStep(isInterruptible: Bool) async throws(ConnectionError) {
    stepsInTurn += 1
    if stepsInTurn < Self.stepsPerTurn { return }
    stepsInTurn = 0
    await Task.yield()
    if Task.isCancelled { throw .wait(.cancelled) }
    if isInterruptible && Loop.shared.eventLoop.isDraining { throw .wait(.draining) }
  }

  /// What a call on the socket came to.
  private enum Progress {
    case bytes(Int)
    case mustRead
    case mustWrite
  }

  private func receiveOnce() throws(ConnectionError) -> Progress {
    if session != nil {
      return try progress(
        of: unsafe session?.read(into: UnsafeMutableRawBufferPointer(Self.scratch)))
    }
    do throws(SystemError) {
      return .bytes(
        try unsafe descriptor.receive(into: UnsafeMutableRawBufferPointer(Self.scratch)))
    } catch let error where error.isWouldBlock {
      return .mustRead
    } catch {
      throw .system(error)
    }
  }

  private func progress(of step: TLSStep?) throws(ConnectionError) -> Progress {
    switch step {
    case .count(let count): return .bytes(count)
    case .wantRead: return .mustRead
    case .wantWrite: return .mustWrite
    case .closed, .done, nil: return .bytes(0)
    case .failed(let error): throw .tls(error)
    }
  }

  // MARK: Writing

  /// Adds bytes to the output and sends it when much has gathered.
  package func write(_ bytes: [UInt8], until deadline: Instant) async throws(ConnectionError) {
    output.append(contentsOf: bytes)
    if output.count >= Self.outputBytes { try await flush(until: deadline) }
  }

  /// Sends everything that was written.
  package func flush(until deadline: Instant) async throws(ConnectionError) {
    var sent = 0
    defer {
      hasUnsentOutput = hasUnsentOutput || sent < output.count
      output = []
    }
    while sent < output.count {
      switch try sendOnce(from: sent) {
      case .bytes(let count):
        sent += count
      case .mustRead:
        try await waitUntilReadable(until: deadline, isInterruptible: false)
      case .mustWrite:
        try await waitUntilWritable(until: deadline)
      }
    }
  }

  private func sendOnce(from start: Int) throws(ConnectionError) -> Progress {
    if session != nil {
      let result = unsafe output.withUnsafeBytes { bytes in
        unsafe session?.write(UnsafeRawBufferPointer(rebasing: bytes[start...]))
      }
      if case .closed = result { throw .closed }
      return try progress(of: result)
    }
    do throws(SystemError) {
      return .bytes(try descriptor.send(output, from: start))
    } catch let error where error.isWouldBlock {
      return .mustWrite
    } catch {
      throw .system(error)
    }
  }

  // MARK: The end

  /// Says, on any thread while the connection lives, whether the peer may still read an answer.
  ///
  /// One that has finished sending, with nothing left to be read, waits for no answer to a login.
  package var hasPeer: @Sendable () -> Bool {
    if hasBufferedInput { return { true } }
    let (number, isEncrypted) = (descriptor.number, isEncrypted)
    return { !Descriptor.peerHasGone(number, ignoringInput: isEncrypted) }
  }

  /// Ends the wait for the peer with `.dismissed`; what is written then is sent still.
  func dismiss() {
    isDismissed = true
    descriptor.stopReceiving()
  }

  /// Tells the peer that nothing more will come; what was written before is sent if it can be.
  package func close(until deadline: Instant) async {
    do throws(ConnectionError) {
      // Its place is taken by another, so it has no more time.
      try await flush(until: isDismissed ? .now : deadline)
      _ = session?.shutdown()
    } catch {
      // The peer has gone, or does not read: there is nobody to tell.
    }
    descriptor.finishSending()
    // Closing with bytes that nobody has read makes the kernel send a reset, and the peer may lose
    // our last words.
    for _ in 0..<Self.stepsPerTurn {
      guard
        let count = unsafe try? descriptor.receive(
          into: UnsafeMutableRawBufferPointer(Self.scratch)), count > 0
      else { return }
    }
  }

  func waitUntilReadable(
    until deadline: Instant, isInterruptible: Bool
  ) async throws(ConnectionError) {
    idleSince = .now
    defer { idleSince = nil }
    do throws(WaitError) {
      try await Loop.shared.eventLoop.waitUntilReadable(
        descriptor.number, until: deadline, isInterruptible: isInterruptible)
    } catch { throw .wait(error) }
    if isDismissed { throw .dismissed }
  }

  func waitUntilWritable(until deadline: Instant) async throws(ConnectionError) {
    do throws(WaitError) {
      try await Loop.shared.eventLoop.waitUntilWritable(descriptor.number, until: deadline)
    } catch { throw .wait(error) }
  }
}
