/// Reads the header of stored content as it passes, and keeps of it only what decisions need.
///
/// **Limits**: it holds the start of one field name, whatever the header's size.
package struct HeaderScan: Sendable {
  /// The fields that a message needs and a submitting device may have left out.
  package struct Fields: OptionSet, Sendable {
    /// The bits.
    package let rawValue: UInt8
    /// The set with these bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `From:`, RFC 5322 §3.6.2.
    package static let from = Fields(rawValue: 1)
    /// `Date:`, RFC 5322 §3.6.1.
    package static let date = Fields(rawValue: 2)
    /// `Message-ID:`, RFC 5322 §3.6.4.
    package static let messageID = Fields(rawValue: 4)
  }

  /// The fields found so far.
  package private(set) var fields: Fields = []
  /// The `Received:` fields found so far.
  package private(set) var receivedCount = 0
  /// Whether the end of the header has been seen.
  package private(set) var isComplete = false
  /// Whether the header ended at a line that is no field, instead of at an empty one.
  package private(set) var isAbrupt = false

  /// Whether the message has been going in circles (RFC 5321 §6.3).
  package var isLooping: Bool { receivedCount >= Limits.receivedFields }

  private enum Position {
    case lineStart
    case name
    case value
  }

  private var position = Position.lineStart
  private var hasField = false
  private var name: [UInt8] = []

  /// Room for the longest name looked for, and one more to tell it from a longer one.
  private static var nameRoom: Int { "message-id".utf8.count + 1 }

  /// A scan at the start of content.
  package init() {}

  /// Scans the next piece of content.
  ///
  /// Returns the place in it where the header ends: the empty line, or the first line that is no
  /// field. There further fields may be put in, with an empty line after them if `isAbrupt`. Nil
  /// while the header goes on, and when it ended at a line that began in an earlier piece.
  package mutating func scan(_ stored: Span<UInt8>) -> Int? {
    var index = 0
    var lineStart: Int?
    while !isComplete, index < stored.count {
      let byte = stored[index]
      switch position {
      case .lineStart:
        lineStart = index
        switch byte {
        case .lineFeed, .carriageReturn:
          isComplete = true
          return index
        case .space, .tab:
          guard hasField else { return endAbruptly(at: index) }
          position = .value
        default:
          name.removeAll(keepingCapacity: true)
          position = .name
        }
      case .name:
        switch byte {
        case .colon:
          recordField()
          position = .value
          index += 1
        case .space, .tab:
          // RFC 5322 §4.5 lets old messages have blanks before the colon.
          index += 1
        case _ where byte.isVisible:
          if name.count < Self.nameRoom { name.append(byte.lowercased) }
          index += 1
        default:
          return endAbruptly(at: lineStart)
        }
      case .value:
        index = stored.firstLineFeed(from: index)
        if index < stored.count {
          position = .lineStart
          index += 1
        }
      }
    }
    return nil
  }

  private mutating func recordField() {
    hasField = true
    if name == Array("received".utf8) {
      receivedCount += 1
    } else if name == Array("from".utf8) {
      fields.insert(.from)
    } else if name == Array("date".utf8) {
      fields.insert(.date)
    } else if name == Array("message-id".utf8) {
      fields.insert(.messageID)
    }
  }

  private mutating func endAbruptly(at place: Int?) -> Int? {
    isComplete = true
    isAbrupt = true
    return place
  }
}
