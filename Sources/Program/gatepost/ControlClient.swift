import Configuration
import Control
import Glibc
import Mail
import Platform
import Spool

/// The tool's end of the socket `control`: one request to the server, and what it replies.
struct ControlClient {
  private let path: String

  /// How long the server may be silent: on a slow card it reads a queue of 100,000 messages for minutes.
  private static let patience: Duration = .seconds(600)

  init(_ places: Configuration.Places) {
    path = "\(places.runtime)/\(ControlRequest.socketName)"
  }

  /// Does something to messages, and says what came of each and how many they are.
  func report(
    _ action: QueueAction, _ selection: SelectionArguments, reason: String = ""
  ) throws(Failure) {
    let count = try act(action, patterns: selection.pattern, reason: reason, saysEach: true)
    Console.say("\(count) \(count == 1 ? "message" : "messages") \(action.participle)")
  }

  /// Does something to messages; returns to how many.
  ///
  /// - Throws: also where some of them were not in the state for it, when all others are done.
  func act(
    _ action: QueueAction, patterns: [String], reason: String = "", saysEach: Bool
  ) throws(Failure) -> Int {
    var count = 0
    var problems: [String] = []
    try ask(.act(action, patterns: patterns, reason: reason)) { reply in
      guard case .message(let id, let result) = reply else { return }
      switch result {
      case .done:
        count += 1
        if saysEach { Console.say("\(id)") }
      case .delivering: problems.append("\(id) is being delivered; try again in a moment")
      case .held: problems.append("\(id) is held; release it instead")
      case .absent:
        let what = action == .release ? "no such message is held" : "there is no such message"
        problems.append("\(id): \(what)")
      case .failed(let reason): problems.append("\(id): \(reason)")
      }
    }
    problems.forEach(Console.complain)
    if count == 0, !problems.isEmpty { throw Failure(.input, "no message \(action.participle)") }
    return count
  }

  /// The lines of the grants that are in force; nil, with a complaint, where the server does not run.
  func grants() throws(Failure) -> [UInt8]? {
    var lines: [UInt8] = []
    let isAnswered = try isAnswered(.grants) { reply in
      if case .grant(let line) = reply { lines += Array("\(line)\n".utf8) }
    }
    if isAnswered { return lines }
    Console.complain("the server does not run: this is what its file says")
    return nil
  }

  /// Sends a request, and calls `body` with each line of the reply but the last.
  ///
  /// - Parameter missing: the status where something that the request names is not there.
  func ask(
    _ request: ControlRequest, missing: Failure.Status = .input, _ body: (ControlReply) -> Void
  ) throws(Failure) {
    if try isAnswered(request, missing: missing, body) { return }
    throw Failure(
      .unavailable,
      "the server does not run: nobody answers at \(path); start it with: systemctl start gatepost")
  }

  /// Does that where the server runs; says whether it does.
  private func isAnswered(
    _ request: ControlRequest, missing: Failure.Status = .input, _ body: (ControlReply) -> Void
  ) throws(Failure) -> Bool {
    let line = request.line
    guard line.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw Failure(.data, "an argument holds a line feed or another control character")
    }
    guard line.utf8.count <= ControlRequest.lineBytes else {
      throw Failure(.data, "too many patterns at once; give some of them, then the others")
    }
    guard let socket = try connected() else { return false }
    try reaching { () throws(SystemError) in
      do throws(SystemError) {
        // The kernel takes so little at once.
        _ = try socket.send(Array("\(line)\n".utf8))
      } catch let error where error.isBrokenPipe {
        // The server has said something before it has read anything, and has closed.
      }
    }
    var rest: [UInt8] = []
    while true {
      let piece = try reaching { () throws(SystemError) in try Self.receive(from: socket) }
      guard let piece, !piece.isEmpty else {
        throw Failure(
          .unavailable, "\(path): the server \(piece == nil ? "does not answer" : "has gone")")
      }
      var lines = (rest + piece).split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      rest = Array(lines.removeLast())
      for line in lines {
        switch ControlReply(parsing: String(decoding: line, as: UTF8.self)) {
        case .ok: return true
        case .error(let text):
          throw Failure(.unavailable, "gatepostd: \(String(escaping: text.utf8))")
        case .missing(let text):
          throw Failure(missing, "gatepostd: \(String(escaping: text.utf8))")
        case let reply?: body(reply)
        case nil: throw Failure(.data, "\(path): the server is of another version")
        }
      }
    }
  }

  /// A connection to the server; nil where it does not run.
  private func connected() throws(Failure) -> Descriptor? {
    try reaching { () throws(SystemError) -> Descriptor? in
      do throws(SystemError) {
        return try Descriptor.connecting(toUnixSocket: path)
      } catch let error where error.isNotFound || error.isConnectionRefused {
        return nil
      }
    }
  }

  /// What has arrived; empty at the end, and nil after a silence.
  private static func receive(from socket: borrowing Descriptor) throws(SystemError) -> [UInt8]? {
    var wait = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
    if unsafe poll(&wait, 1, Int32(patience.wholeSeconds * 1000)) <= 0 { return nil }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 1)
    defer { unsafe buffer.deallocate() }
    let count = try unsafe socket.receive(into: buffer)
    return unsafe Array(buffer[..<count])
  }

  private func reaching<Result: ~Copyable>(
    _ body: () throws(SystemError) -> Result
  ) throws(Failure) -> Result {
    do throws(SystemError) { return try body() } catch {
      if error.isPermissionDenied {
        throw Failure(
          .permission, "\(path): \(error); only root and the group of this socket may use it")
      }
      throw Failure(.unavailable, "\(path): \(error)")
    }
  }
}

extension QueueAction {
  /// What a message is to which it was done.
  fileprivate var participle: String {
    switch self {
    case .retry: "tried now"
    case .hold: "held"
    case .release: "released"
    case .remove: "removed"
    case .bounce: "returned"
    }
  }
}
