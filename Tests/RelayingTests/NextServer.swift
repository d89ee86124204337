import EventLoop
import Foundation
@testable import Network
import Platform
import TLS

/// A mail server on a loopback port that answers what a test wants.
@Loop
final class NextServer {
  /// A message that was handed in.
  struct Message {
    var sender: String
    var recipients: [String] = []
    /// The content as it came over the wire, with its end.
    var wire: [UInt8] = []
    var isEncrypted = false

    var text: String { String(decoding: wire, as: UTF8.self) }
  }

  /// What the server does instead of replying.
  nonisolated static let hangUp = "<hang up>"
  nonisolated static let silence = "<silence>"
  /// Ends the connection without any farewell.
  nonisolated static let cut = "<cut>"
  /// A reply that comes octet by octet and never ends.
  nonisolated static let dribble = "<dribble>"
  /// What follows is sent as it is, with CRLF for `|`; `hangUp` or `silence` may come after it.
  nonisolated static let raw = "<raw>"
  /// No reply to BDAT before its chunk is there.
  nonisolated static let wantsChunk = "<chunk>"

  let address: SocketAddress
  var greeting = "220 mx.far.example ESMTP"
  var capabilities = ["PIPELINING", "8BITMIME", "SIZE 100000000"]
  /// The reply to a command, lines joined by `|`; nil for the usual one.
  var answer: @Loop (_ command: String) -> String? = { _ in nil }
  /// The reply to the content of a message; those of LMTP in a row.
  var verdict: @Loop (Message) -> String = { _ in "250 2.0.0 taken" }
  /// For STARTTLS, and from the start where `isImplicitTLS`.
  var context: TLSContext?
  var isImplicitTLS = false
  /// What is sent in one segment with the reply to STARTTLS.
  var injection = ""

  private(set) var messages: [Message] = []
  private(set) var commands: [String] = []
  private(set) var connections = 0
  /// How many connections went on from the TLS session of an earlier one.
  private(set) var resumptions = 0
  private(set) var open = 0
  private(set) var mostOpen = 0
  /// Where the connections came from.
  private(set) var peers: [SocketAddress] = []
  /// Signalled when a connection comes or ends, and before a reply is sent.
  let changed = Condition()
  private let listener: Listener

  init(_ host: String = "127.0.0.1", port: UInt16 = 0) throws {
    guard let host = IPAddress(host) else { throw CocoaError(.formatting) }
    listener = try Listener(on: SocketAddress(host, port: port))
    address = listener.address
  }

  /// Serves until the task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      while let connection = try? await listener.accept() {
        connections += 1
        open += 1
        mostOpen = max(mostOpen, open)
        peers.append(connection.peer)
        changed.signal()
        group.addTask { await self.serve(connection) }
      }
    }
  }

  private var deadline: Instant { .now + .seconds(60) }

  /// Talks to one client, which may have come another way.
  func serve(_ connection: Connection) async {
    do throws(ConnectionError) {
      try await talk(connection)
    } catch {
      // The client has gone, or the test is over.
    }
    await connection.close(until: .now)
    open -= 1
    changed.signal()
  }

  private func talk(_ connection: Connection) async throws(ConnectionError) {
    if isImplicitTLS, let context { try await connection.acceptTLS(context, until: deadline) }
    try await send(greeting, on: connection)
    var message: Message?
    while let line = try await connection.readLine(limit: 10_000, until: deadline) {
      let command = String(decoding: line, as: UTF8.self)
      commands.append(command)
      var reply = answer(command) ?? usualReply(to: command, on: connection)
      if reply.hasPrefix("354"), message?.recipients.isEmpty != false {
        reply = "503 5.5.1 no recipients"
      }
      changed.signal()
      try await send(reply, on: connection)
      switch (command.prefix(4), reply.prefix(1)) {
      case ("MAIL", "2"):
        message = Message(sender: Self.path(command), isEncrypted: connection.isEncrypted)
      case ("RCPT", "2"): message?.recipients.append(Self.path(command))
      case ("DATA", "3"):
        guard var complete = message else { continue }
        complete.wire = try await content(from: connection)
        message = nil
        let reply = verdict(complete)
        if reply.hasPrefix("2") { messages.append(complete) }
        try await send(reply, on: connection)
      case ("BDAT", _) where reply == Self.wantsChunk:
        guard var complete = message else { throw .closed }
        complete.wire = try await chunk(command, from: connection)
        message = nil
        let reply = verdict(complete)
        if reply.hasPrefix("2") { messages.append(complete) }
        try await send(reply, on: connection)
      case ("STAR", "2"):
        guard let context else { throw .closed }
        try await connection.flush(until: deadline)
        try await connection.acceptTLS(context, until: deadline)
        if connection.isResumed { resumptions += 1 }
      case ("QUIT", _): return
      default: break
      }
    }
  }

  private func usualReply(to command: String, on connection: Connection) -> String {
    switch command.prefix(4) {
    case "EHLO", "LHLO":
      let offered = capabilities + (context == nil || connection.isEncrypted ? [] : ["STARTTLS"])
      return (["mx.far.example"] + offered).enumerated()
        .map { "250\($0.offset == offered.count ? " " : "-")\($0.element)" }
        .joined(separator: "|")
    case "STAR": return "220 go ahead" + injection
    case "DATA": return "354 go ahead"
    case "BDAT": return Self.wantsChunk
    case "QUIT": return "221 bye"
    case "AUTH": return "235 2.7.0 welcome"
    default: return "250 2.0.0 ok"
    }
  }

  private func send(_ reply: String, on connection: Connection) async throws(ConnectionError) {
    if reply.hasPrefix(Self.raw) {
      var text = String(reply.dropFirst(Self.raw.count))
      let end = [Self.hangUp, Self.silence].first { text.hasSuffix($0) }
      if let end { text.removeLast(end.count) }
      let bytes = Array(
        text.split(separator: "|", omittingEmptySubsequences: false)
          .joined(separator: "\r\n").utf8)
      try await connection.write(bytes, until: deadline)
      try await connection.flush(until: deadline)
      if let end { try await send(end, on: connection) }
      return
    }
    if reply == Self.cut {
      shutdown(connection.descriptor.number, Int32(SHUT_RDWR))
      throw .closed
    }
    if reply == Self.dribble {
      while true {
        try await connection.write([0x32], until: deadline)
        try await connection.flush(until: deadline)
        do throws(WaitError) {
          try await changed.wait(until: .now + .milliseconds(5))
        } catch let error where error != .timedOut {
          throw .wait(error)
        } catch {}
      }
    }
    if reply == Self.hangUp { throw .closed }
    if reply == Self.wantsChunk { return }
    if reply == Self.silence {
      while true { _ = try await connection.readLine(limit: 10_000, until: .distantFuture) }
    }
    let lines = reply.split(separator: "|").map { $0 + "\r\n" }.joined()
    try await connection.write(Array(lines.utf8), until: deadline)
  }

  /// Everything up to the lone dot; the client sends nothing after it before it has a reply.
  private func content(from connection: Connection) async throws(ConnectionError) -> [UInt8] {
    var bytes: [UInt8] = []
    let end = Array("\r\n.\r\n".utf8)
    while !bytes.suffix(5).elementsEqual(end) && !bytes.elementsEqual(end.dropFirst(2)) {
      try await connection.read(until: deadline) { (piece: Span<UInt8>) -> Int in
        piece.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        return piece.count
      }
    }
    return bytes
  }

  /// The octets of a chunk.
  private func chunk(
    _ command: String, from connection: Connection
  ) async throws(ConnectionError) -> [UInt8] {
    let words = command.split(separator: " ")
    guard words.count == 3, words[2] == "LAST", let count = Int(words[1]) else { throw .malformed }
    var bytes: [UInt8] = []
    while bytes.count < count {
      try await connection.read(until: deadline) { (piece: Span<UInt8>) -> Int in
        let used = min(piece.count, count - bytes.count)
        piece.extracting(..<used).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        return used
      }
    }
    return bytes
  }

  private static func path(_ command: String) -> String {
    let start = command.firstIndex(of: "<") ?? command.startIndex
    return String(command[start...].prefix { $0 != " " })
  }
}
