/// Cuts stored content after its header and the first lines of its body, as POP3's TOP does.
///
/// The empty line between them belongs to the excerpt (RFC 1939 §7).
package struct ContentExcerpt {
  /// Whether all that belongs to the excerpt has been seen.
  package private(set) var isComplete = false

  private var bodyLinesLeft: Int
  private var isInBody = false
  /// Whether the line that is being read holds nothing so far but a CR.
  private var isLineEmpty = true

  /// An excerpt of the header and of `bodyLines` lines of the body.
  package init(bodyLines: Int) {
    bodyLinesLeft = bodyLines
  }

  /// The number of bytes at the start of `stored`, the next piece of content, that belong to it.
  package mutating func prefix(of stored: Span<UInt8>) -> Int {
    var index = 0
    while !isComplete, index < stored.count {
      let end = stored.firstLineFeed(from: index)
      if !isInBody, end > index {
        let isReturn = end == index + 1 && stored[index] == .carriageReturn
        isLineEmpty = isLineEmpty && isReturn
      }
      guard end < stored.count else { return end }
      index = end + 1
      if isInBody {
        bodyLinesLeft -= 1
      } else {
        isInBody = isLineEmpty
        isLineEmpty = true
      }
      isComplete = isInBody && bodyLinesLeft <= 0
    }
    return index
  }
}
