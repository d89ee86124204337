/// The reply to LIST or UIDL without a message: one line for each message that is not deleted.
///
/// It is pulled in pieces, because a line for each of ten thousand messages is no buffer for a
/// session to hold.
struct ListingReply: Sendable {
  enum Column {
    /// A scan listing (RFC 1939 §5, LIST).
    case sizes
    /// A unique-id listing (RFC 1939 §7, UIDL).
    case uniqueIDs
  }

  private enum Part {
    case status
    case message(index: Int)
    case end
  }

  private let column: Column
  private let maildrop: Maildrop
  private var next = Part.status

  init(_ column: Column, of maildrop: Maildrop) {
    self.column = column
    self.maildrop = maildrop
  }

  /// Whether all of the reply has been taken.
  var isAtEnd: Bool { if case .end = next { true } else { false } }

  /// Appends lines until the reply is at its end or `output` has grown to `limit` octets.
  ///
  /// The last line may pass the limit, by less than a hundred octets.
  mutating func appendLines(to output: inout [UInt8], upTo limit: Int) {
    while output.count < limit {
      switch next {
      case .status:
        output += Reply.ok(maildrop.summary).bytes
        next = .message(index: 0)
      case .message(let index) where index < maildrop.listing.count:
        next = .message(index: appendMessages(from: index, to: &output, upTo: limit))
      case .message:
        output += [UInt8(ascii: "."), UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        next = .end
      case .end:
        return
      }
    }
  }

  /// Appends lines and returns the first message that has had no turn.
  private func appendMessages(
    from first: Int, to output: inout [UInt8], upTo limit: Int
  ) -> Int {
    let listing = maildrop.listing
    let deleted = maildrop.deleted
    var index = first
    while index < listing.count, output.count < limit {
      if !deleted.contains(index) {
        output.append(decimal: index + 1)
        output.append(UInt8(ascii: " "))
        switch column {
        case .sizes: output.append(decimal: listing.bytes(of: index))
        case .uniqueIDs: listing.appendUniqueID(of: index, to: &output)
        }
        output.append(UInt8(ascii: "\r"))
        output.append(UInt8(ascii: "\n"))
      }
      index += 1
    }
    return index
  }
}

extension [UInt8] {
  /// Appends a number that is not negative, without making a string of it.
  fileprivate mutating func append(decimal number: Int) {
    var unit = 1
    while number / unit >= 10 { unit *= 10 }
    while unit > 0 {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / unit % 10))
      unit /= 10
    }
  }
}
