/// Takes the header of stored content apart as it passes, whatever pieces it comes in.
///
/// RFC 5322 §2.2. A line that does not begin with a name and a colon is told as text; the reader decides
/// whether the header ends there, as it does where old programs write none, or goes on behind it.
///
/// **Limits**: it holds one field name of at most `Limits.fieldNameBytes`, whatever the header's size.
package struct HeaderScan: Sendable {
  /// What comes next in the content.
  package enum Part: Equatable, Sendable {
    /// The name of a field and its colon, which now are in `name`.
    case field
    /// These bytes of the piece, of the value of the field, up to a line end or the piece's end.
    case value(Range<Int>)
    /// A line that is no field. What has been read of it is in `name`, and values are the rest of it.
    case text
    /// A line `From somebody Mon Jan 1 ...` that a mailbox file has before a message, in front of all
    /// fields. What has been read of it is in `name`, and values are the rest of it.
    case mailboxLine
    /// The end of the header.
    case end
  }

  /// The name of the field as it came, with the blanks that may stand before the colon, and without it.
  package private(set) var name: [UInt8] = []
  /// Whether the end of the header has been seen.
  package private(set) var isComplete = false
  /// Whether a field has been found.
  package private(set) var hasField = false

  private enum Position {
    case lineStart
    case name
    case value
  }

  private var position = Position.lineStart
  /// The bytes of the name before the blanks that RFC 5322 §4.5 lets old messages have.
  private var nameBytes = 0
  /// Whether the line before was one to which a line that begins with a blank belongs.
  private var canContinue = false

  /// A scan at the start of content.
  package init() {}

  /// Reads the next part of `stored` from `index` on, and moves `index` behind it.
  ///
  /// - Returns: nil when the piece is used up, or the header is complete.
  package mutating func next(in stored: Span<UInt8>, from index: inout Int) -> Part? {
    while !isComplete, index < stored.count {
      let byte = stored[index]
      switch position {
      case .lineStart:
        name.removeAll(keepingCapacity: true)
        nameBytes = 0
        switch byte {
        case .lineFeed, .carriageReturn:
          isComplete = true
          return .end
        case _ where canContinue && (byte == .space || byte == .tab):
          position = .value
        default:
          position = .name
        }
      case .name:
        if byte == .colon, nameBytes > 0 {
          hasField = true
          canContinue = true
          position = .value
          index += 1
          return .field
        }
        let isBlank = byte == .space || byte == .tab
        guard
          isBlank ? nameBytes > 0 : byte.isVisible && byte != .colon && nameBytes == name.count,
          name.count < Limits.fieldNameBytes
        else {
          // An empty rest is no reason to lose the line end: it comes as a value.
          position = .value
          canContinue = true
          return isMailboxLine ? .mailboxLine : .text
        }
        name.append(byte)
        if !isBlank { nameBytes += 1 }
        index += 1
      case .value:
        let start = index
        let end = stored.firstLineFeed(from: index)
        if end < stored.count { position = .lineStart }
        index = min(end + 1, stored.count)
        return .value(start..<index)
      }
    }
    return nil
  }

  /// Ends the header here; what has been read of a line that was not told is returned.
  package mutating func finish() -> [UInt8] {
    defer { isComplete = true }
    return !isComplete && position == .name ? name : []
  }

  /// Whether the field that has been found last has this name.
  package func isNamed(_ name: StaticString) -> Bool {
    self.name[..<nameBytes].isEqual(ignoringCaseTo: name)
  }

  /// The number of bytes of the header at the start of `stored`, without the line that ends it.
  package static func headerBytes(of stored: Span<UInt8>) -> Int {
    var scan = HeaderScan()
    var index = 0
    while let part = scan.next(in: stored, from: &index) {
      if part == .end { return index }
      if part == .text, !scan.hasField { return index - scan.name.count }
    }
    return stored.count
  }

  /// Whether what stands in `name` begins a line of a mailbox file: `From`, perhaps behind marks that
  /// keep it apart there, and a blank.
  private var isMailboxLine: Bool {
    !hasField && nameBytes < name.count
      && name[..<nameBytes].drop { $0 == UInt8(ascii: ">") }.elementsEqual("From".utf8)
  }
}
