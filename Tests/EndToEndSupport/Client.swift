import Foundation
import Testing

/// A client that says exactly what the test says, byte by byte.
package final class Client {
  private let stream: Stream

  /// Connects to a port of 127.0.0.1 from a loopback address.
  ///
  /// - Parameter windowBytes: how much the server may send before it is read; nil for the usual.
  package init(
    port: UInt16, from source: String = "127.0.0.1", windowBytes: Int32? = nil
  ) throws {
    stream = try Stream(port: port, from: source, windowBytes: windowBytes)
  }

  /// Sends text as it stands.
  package func send(_ text: String) { stream.send(Array(text.utf8)) }

  /// Sends bytes as they are; says whether the server took them.
  @discardableResult
  package func send(bytes: [UInt8]) -> Bool { stream.send(bytes) }

  /// Sends each byte as a segment of its own.
  package func dribble(_ text: String) {
    for byte in text.utf8 { stream.send([byte]) }
  }

  /// Sends as much of the text as the kernel takes without a wait; returns how many bytes that were.
  @discardableResult
  package func sendWithoutWaiting(_ text: String) -> Int {
    stream.sendWithoutWaiting(Array(text.utf8))
  }

  /// The next line of the server; `<closed>` when it has closed the connection.
  package func line() throws -> String {
    try stream.line().map { String(decoding: $0, as: UTF8.self) } ?? "<closed>"
  }

  /// The last line of a reply of SMTP, which may have several.
  package func reply() throws -> String {
    while true {
      let line = try line()
      if Array(line.utf8.prefix(4)).last != UInt8(ascii: "-") { return line }
    }
  }

  /// All lines of the reply to a command.
  package func lines(after command: String) throws -> [String] {
    send("\(command)\r\n")
    var lines: [String] = []
    repeat { lines.append(try line()) } while lines.last?.utf8.dropFirst(3).first == 0x2D
    return lines
  }

  /// Reads a reply that begins with `prefix`.
  package func expect(_ prefix: String, at place: SourceLocation = #_sourceLocation) throws {
    let reply = try reply()
    #expect(reply.hasPrefix(prefix), sourceLocation: place)
  }

  /// Sends a command whose reply begins with `prefix`.
  package func ask(
    _ command: String, _ prefix: String, at place: SourceLocation = #_sourceLocation
  ) throws {
    send("\(command)\r\n")
    try expect(prefix, at: place)
  }

  /// Logs in with the password that all users of the tests have.
  package func logIn(
    as user: String = "alice", _ prefix: String = "235", at place: SourceLocation = #_sourceLocation
  ) throws {
    let response = Data("\0\(user)\0secret".utf8).base64EncodedString()
    try ask("AUTH PLAIN \(response)", prefix, at: place)
  }

  /// Hands in a message after the greetings, and checks the reply to its end.
  package func deliver(
    _ content: String = "Subject: hello\r\n\r\nhello\r\n", from sender: String = "x@far.example",
    to recipients: String..., expecting prefix: String = "250",
    at place: SourceLocation = #_sourceLocation
  ) throws {
    try ask("MAIL FROM:<\(sender)>", "250", at: place)
    for recipient in recipients { try ask("RCPT TO:<\(recipient)>", "250", at: place) }
    try ask("DATA", "354", at: place)
    send("\(content).\r\n")
    try expect(prefix, at: place)
  }

  /// Reads the greeting of SMTP and opens a transaction up to the 354 to DATA.
  package func beginMessage(
    from sender: String, to recipients: String..., at place: SourceLocation = #_sourceLocation
  ) throws {
    try expect("220", at: place)
    try ask("EHLO client.example", "250", at: place)
    try ask("MAIL FROM:<\(sender)>", "250", at: place)
    for recipient in recipients { try ask("RCPT TO:<\(recipient)>", "250", at: place) }
    try ask("DATA", "354", at: place)
  }

  /// Shakes hands; the certificate may be anyone's.
  package func startTLS() throws { try stream.startTLS(as: "gw.home.example") }

  /// The channel binding data of this end, of the kind with this registered name.
  package func channelBinding(named name: String) -> [UInt8]? {
    stream.channelBinding(named: name)
  }

  /// Ends the connection without a word.
  package func hangUp() { stream.close() }
}
