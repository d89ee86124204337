package import Mail

/// A reply of a server: a code, an enhanced status, and one line of text or more.
///
/// RFC 5321 §4.2, RFC 2034. The same value is what the server sends and what the client reads.
package struct Reply: Equatable, Sendable {
  /// The code.
  package let code: StatusCode
  /// The enhanced status; the greeting, the replies to EHLO and 3yz replies have none.
  package let status: EnhancedStatus?
  /// The text, line by line, without code and status; never empty.
  package let lines: [String]

  /// A reply of one line.
  package init(_ code: StatusCode, _ status: EnhancedStatus, _ text: String) {
    self.init(code, status, lines: [text])
  }

  /// A reply of one line that has no enhanced status.
  package init(_ code: StatusCode, _ text: String) {
    self.init(code, lines: [text])
  }

  /// A reply of several lines; to give none is a bug.
  package init(_ code: StatusCode, _ status: EnhancedStatus? = nil, lines: [String]) {
    precondition(!lines.isEmpty, "a reply has at least one line")
    self.code = code
    self.status = status
    self.lines = lines
  }

  /// The reply in one line, as a log or a report quotes it; it holds visible ASCII and spaces only.
  package var text: String {
    let head = "\(code.rawValue) " + (status.map { $0.text + " " } ?? "")
    return String(escaping: (head + lines.joined(separator: " ")).utf8)
  }

  /// The reply as it goes over the wire, with its line ends.
  package var wireText: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the reply as it goes over the wire.
  ///
  /// Whatever a text was made of, no line of it is longer than RFC 5321 §4.5.3.1.5 allows, and none
  /// can end before its end and so forge a reply of its own.
  package func write(to output: inout [UInt8]) {
    let number = "\(code.rawValue)"
    let prefix = status.map { $0.text + " " } ?? ""
    let room = Limits.replyLineBytes - number.utf8.count - 1 - prefix.utf8.count - 2
    for (index, line) in lines.enumerated() {
      output += number.utf8
      output.append(index == lines.count - 1 ? .space : UInt8(ascii: "-"))
      output += prefix.utf8
      if line.utf8.count <= room, line.utf8.allSatisfy({ $0.isVisible || $0 == .space }) {
        output += line.utf8
      } else {
        output += String(escaping: line.utf8, limit: room).utf8
      }
      output += [.carriageReturn, .lineFeed]
    }
  }
}
