import Mail

/// Puts the lines a server sends together to replies.
///
/// RFC 5321 §4.2.1. What is kept of a text is visible ASCII, so that it may stand in a log, in a report
/// and in the queue as it is.
///
/// **Limits**: `Limits.receivedReplyLines` and `Limits.receivedReplyTextBytes`; a line is bounded by
/// whoever reads it, to `Limits.receivedReplyLineBytes`.
package struct ReplyParser: Sendable {
  /// What a line amounts to.
  package enum Step: Equatable, Sendable {
    /// More lines of the reply are to come.
    case incomplete
    case reply(Reply)
    /// This is not SMTP, or not in bounds: nothing the server says from here on can be trusted.
    case malformed
  }

  private var code: StatusCode?
  private var status: EnhancedStatus?
  private var lines: [String] = []
  private var lineCount = 0
  private var textBytes = 0

  /// A parser at the start of a reply.
  package init() {}

  /// Takes a line, without its line end.
  package mutating func receive(_ line: ArraySlice<UInt8>) -> Step {
    var cursor = ByteCursor(line)
    let digits = cursor.take(while: \.isDigit)
    guard
      digits.count == 3, let number = UInt16(String(decoding: digits, as: UTF8.self)),
      let code = StatusCode(rawValue: number), self.code == nil || self.code == code,
      lineCount < Limits.receivedReplyLines
    else { return .malformed }
    let isLast = !cursor.take(UInt8(ascii: "-"))
    guard !isLast || cursor.isAtEnd || cursor.take(.space) else { return .malformed }
    self.code = code
    lineCount += 1
    keep(&cursor, of: code)
    guard isLast else { return .incomplete }
    defer { self = ReplyParser() }
    return .reply(Reply(code, status, lines: lines))
  }

  /// Keeps the text of a line, as long as there is room, and the first status there is.
  private mutating func keep(_ cursor: inout ByteCursor, of code: StatusCode) {
    var text = cursor
    if let status = EnhancedStatus(parsing: &text),
      UInt16(status.statusClass) == code.category.rawValue
    {
      self.status = self.status ?? status
      cursor = text
    }
    let room = min(Limits.replyLineBytes, Limits.receivedReplyTextBytes - textBytes)
    guard lines.isEmpty || room >= 16 else { return }
    let line = String(escaping: cursor.rest, limit: room)
    lines.append(line)
    textBytes += line.utf8.count
  }
}
