/// Takes the header of stored content apart as it passes, whatever pieces it comes in.
///
/// RFC 5322 §2.2. A line that does not begin with a name and a colon ends the header as an empty line
/// does: what old programs write without a header is text all the same.
///
/// **Limits**: it holds one field name of at most `Limits.fieldNameBytes`, whatever the header's size.
package struct HeaderScan: Sendable {
  /// What comes next in the content.
  package enum Part: Equatable, Sendable {
    /// The name of a field and its colon, which now are in `name`.
    case field
    /// These bytes of the piece, of the value of the field, up to a line end or the piece's end.
    case value(Range<Int>)
    /// The end of the header. What has been read of a line that is no field is in `name`.
    case end
  }

  /// The name of the field as it came, with the blanks that may stand before the colon, and without it.
  package private(set) var name: [UInt8] = []
  /// Whether the end of the header has been seen.
  package private(set) var isComplete = false
  /// Whether the header ended at a line that is no field, instead of at an empty one.
  package private(set) var isAbrupt = false

  private enum Position {
    case lineStart
    case name
    case value
  }

  private var position = Position.lineStart
  /// The bytes of the name before the blanks that RFC 5322 §4.5 lets old messages have.
  private var nameBytes = 0
  private var hasField = false

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
        case _ where hasField && (byte == .space || byte == .tab):
          position = .value
        default:
          position = .name
        }
      case .name:
        if byte == .colon, nameBytes > 0 {
          hasField = true
          position = .value
          index += 1
          return .field
        }
        let isBlank = byte == .space || byte == .tab
        guard
          isBlank ? nameBytes > 0 : byte.isVisible && byte != .colon && nameBytes == name.count,
          name.count < Limits.fieldNameBytes
        else { return endAbruptly() }
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

  /// Ends the header where the content ends.
  package mutating func finish() {
    if !isComplete, position == .name { isAbrupt = true }
    isComplete = true
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
      if part == .end { return index - scan.name.count }
    }
    return stored.count
  }

  private mutating func endAbruptly() -> Part {
    isComplete = true
    isAbrupt = true
    return .end
  }
}
