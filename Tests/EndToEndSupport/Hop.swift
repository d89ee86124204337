import Foundation
import Synchronization
import TLS
import TestSupport

/// A mail server at the other end: takes every message, unless its script says otherwise.
package final class Hop: Sendable {
  /// A message that was taken.
  package struct Message: Sendable {
    package var sender: String
    package var recipients: [String]
    /// The content with LF line ends, dots undone.
    package var content: String
    package var wasEncrypted: Bool

    /// The value of a header field.
    package func field(_ name: String) -> String? {
      content.split(separator: "\n").first { $0.hasPrefix("\(name): ") }
        .map { String($0.dropFirst(name.count + 2)) }
    }
  }

  /// Says what a command is answered, `.` being the end of the content; nil for the usual reply.
  package typealias Script = @Sendable (String) -> String?

  /// Its port, which it keeps while it is down.
  package let port: UInt16
  private let script: Script
  private let certificate: TestAuthority.Files?
  private let hasImplicitTLS: Bool
  private let keywords: [String]
  private let state = Mutex(State())

  private struct State {
    var listener: Int32?
    var messages: [Message] = []
    var commands: [String] = []
    var connections = 0
  }

  /// A server on a free port of 127.0.0.1.
  ///
  /// - Parameters:
  ///   - offersTLS: whether STARTTLS is offered.
  ///   - hasImplicitTLS: whether TLS comes before the greeting.
  ///   - certificate: what it proves itself with; nil for a certificate that nobody knows.
  ///   - keywords: what it offers beside the usual.
  package init(
    isUp: Bool = true, offersTLS: Bool = false, hasImplicitTLS: Bool = false,
    certificate: TestAuthority.Files? = nil, keywords: [String] = [],
    script: @escaping Script = { _ in nil }
  ) throws {
    port = FreePorts.take()
    self.script = script
    self.keywords = keywords
    self.hasImplicitTLS = hasImplicitTLS
    let hasTLS = offersTLS || hasImplicitTLS
    // Nobody has the root of the authority, but where it is put into a store.
    self.certificate =
      try hasTLS ? certificate ?? TestAuthority.shared.get().issue(.init("mx.far.example")) : nil
    if isUp { try start() }
  }

  deinit { stop() }

  /// What was taken so far.
  package var messages: [Message] { state.withLock { $0.messages } }

  /// The commands of all connections.
  package var commands: [String] { state.withLock { $0.commands } }

  /// How often a client has connected.
  package var connections: Int { state.withLock { $0.connections } }

  /// Begins to take connections.
  package func start() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard LoopbackAddress("127.0.0.1", port: port).bind(listener), listen(listener, 100) == 0 else {
      throw Overdue(description: "the next hop cannot listen on port \(port)")
    }
    state.withLock { $0.listener = listener }
    Thread.detachNewThread { [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let hop = self, hop.isServing(listener) else {
          if client >= 0 { close(client) }
          break
        }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        hop.state.withLock { $0.connections += 1 }
        Thread.detachNewThread { try? hop.serve(Stream(owning: client)) }
      }
      close(listener)
    }
  }

  /// Refuses connections from now on.
  package func stop() {
    // Ends the accept(2) that waits; its thread closes the descriptor.
    state.withLock { $0.listener.take().map { _ = shutdown($0, Int32(SHUT_RDWR)) } }
  }

  private func isServing(_ listener: Int32) -> Bool { state.withLock { $0.listener == listener } }

  // MARK: A session

  private func serve(_ client: Stream) throws {
    var message = Message(sender: "", recipients: [], content: "", wasEncrypted: false)
    if hasImplicitTLS { try acceptTLS(client) }
    guard say(script("") ?? "220 mx.far.example ready", to: client) else { return }
    while let line = try client.line().map({ String(decoding: $0, as: UTF8.self) }) {
      state.withLock { $0.commands.append(line) }
      let answer = script(line)
      var reply = answer ?? "250 ok"
      switch String(line.prefix { $0 != " " }).uppercased() {
      case _ where answer != nil: break
      case "EHLO": reply = greeting(client)
      case "STARTTLS":
        guard say("220 go ahead", to: client) else { return }
        try acceptTLS(client)
        continue
      case "MAIL":
        message = Message(
          sender: Self.path(line), recipients: [], content: "", wasEncrypted: client.isEncrypted)
      case "RCPT": message.recipients.append(Self.path(line))
      case "DATA" where message.recipients.isEmpty: reply = "554 no valid recipients"
      case "DATA":
        guard say("354 go on", to: client), let content = try content(client) else { return }
        message.content = content
        reply = script(".") ?? "250 taken"
        if reply.hasPrefix("2") { state.withLock { [message] in $0.messages.append(message) } }
      case "AUTH": reply = "235 welcome"
      case "QUIT": reply = "221 bye"
      default: break
      }
      guard say(reply, to: client), !reply.hasPrefix("221"), !reply.hasPrefix("421") else { return }
    }
  }

  private func acceptTLS(_ client: Stream) throws {
    guard let certificate else { return }
    try client.acceptTLS(certificate: certificate.certificate, key: certificate.key)
  }

  private func greeting(_ client: Stream) -> String {
    let mayStart = certificate != nil && !client.isEncrypted
    return "250-mx.far.example\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n"
      + keywords.map { "250-\($0)\r\n" }.joined()
      + "\(mayStart ? "250-STARTTLS\r\n" : "")250-AUTH PLAIN LOGIN\r\n250 8BITMIME"
  }

  private func say(_ reply: String, to client: Stream) -> Bool {
    client.send(Array("\(reply)\r\n".utf8))
  }

  private func content(_ client: Stream) throws -> String? {
    var content: [UInt8] = []
    while let line = try client.line() {
      if line == [UInt8(ascii: ".")] { return String(decoding: content, as: UTF8.self) }
      content += line.first == UInt8(ascii: ".") ? line[1...] : line[...]
      content.append(UInt8(ascii: "\n"))
    }
    return nil
  }

  private static func path(_ line: String) -> String {
    String(line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
  }
}
