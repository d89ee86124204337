/// Finds where TOP ends in stored content: after the header, the empty line, and some body lines.
///
/// The content comes in chunks cut anywhere, with LF or CRLF line ends (RFC 1939 §7).
package struct TopCut: Sendable {
  private enum Place {
    /// In a line of the header, of which nothing, a lone CR, or more has been seen.
    case header(LineStart)
    case body(linesLeft: Int)
  }

  private enum LineStart { case empty, carriageReturn, other }

  private let bodyLines: Int
  private var place = Place.header(.empty)

  /// A cut after so many lines of the body.
  package init(bodyLines: Int) { self.bodyLines = bodyLines }

  /// Whether the end has been seen, so that no more content is needed.
  package var isComplete: Bool { if case .body(linesLeft: 0) = place { true } else { false } }

  /// How many octets of the next chunk belong to the reply.
  package mutating func take(_ chunk: Span<UInt8>) -> Int {
    var index = 0
    while index < chunk.count, !isComplete {
      let octet = chunk[index]
      index += 1
      switch (place, octet) {
      case (.header(.empty), UInt8(ascii: "\n")), (.header(.carriageReturn), UInt8(ascii: "\n")):
        place = .body(linesLeft: bodyLines)
      case (.header, UInt8(ascii: "\n")):
        place = .header(.empty)
      case (.header(.empty), UInt8(ascii: "\r")):
        place = .header(.carriageReturn)
      case (.header, _):
        place = .header(.other)
      case (.body(let linesLeft), UInt8(ascii: "\n")):
        place = .body(linesLeft: linesLeft - 1)
      case (.body, _):
        break
      }
    }
    return index
  }
}
