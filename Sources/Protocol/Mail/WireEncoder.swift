/// Turns stored content into its form on the wire: CRLF line ends, a dot before each leading dot.
///
/// The inverse of `ContentDecoder`, for SMTP (RFC 5321 §4.5.2) and POP3 (RFC 1939 §3) alike. A file
/// that another program put into a maildrop may hold anything: a line that ends in CRLF already is
/// passed as it is, and so is every other byte. A dot is doubled after each LF, so that no stored
/// byte can end the content early.
package struct WireEncoder: Sendable {
  /// The byte before the next one; content starts as if a line had just ended.
  private var previous = UInt8.lineFeed
  /// Whether the content ends with a lone dot.
  private let endsWithDot: Bool
  /// The dots that were doubled: what the wire has more than the size of the content (RFC 1939 §11).
  package private(set) var doubledDots = 0

  /// An encoder at the start of content.
  ///
  /// - Parameter endsWithDot: false where the size is told beforehand (RFC 3030 §2): no dot is doubled
  ///   then, and the content ends as it is stored.
  package init(endsWithDot: Bool = true) { self.endsWithDot = endsWithDot }

  /// Encodes `stored`, which may be cut anywhere, and appends the result to `wire`.
  package mutating func encode(_ stored: Span<UInt8>, into wire: inout [UInt8]) {
    // One allocation instead of a row of growing ones, for lines of 32 octets and more on average.
    if wire.isEmpty { wire.reserveCapacity(stored.count + stored.count / 32 + 8) }
    /// The start of the bytes that have been passed and not yet copied.
    var run = 0
    var index = 0
    while index < stored.count {
      if endsWithDot, previous == .lineFeed, stored[index] == .dot {
        wire.append(stored, run..<index)
        wire.append(.dot)
        doubledDots += 1
        run = index
      }
      let end = stored.firstLineFeed(from: index)
      guard end < stored.count else {
        previous = stored[end - 1]
        break
      }
      if end > index { previous = stored[end - 1] }
      if previous != .carriageReturn {
        wire.append(stored, run..<end)
        wire.append(.carriageReturn)
        run = end
      }
      previous = .lineFeed
      index = end + 1
    }
    wire.append(stored, run..<stored.count)
  }

  /// Appends the end of the content: the line end that the last line may lack, and the lone dot.
  package mutating func finish(into wire: inout [UInt8]) {
    guard endsWithDot else { return }
    if previous != .lineFeed {
      if previous != .carriageReturn { wire.append(.carriageReturn) }
      wire.append(.lineFeed)
    }
    wire += [.dot, .carriageReturn, .lineFeed]
    previous = .lineFeed
  }
}
