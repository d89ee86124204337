/// Folds lines that are longer than mail may have: a line end and a space are put into them.
///
/// RFC 5321 §4.5.3.1.6: 998 octets. Some servers refuse what is longer, others cut it, or fold it in their
/// own way. A header field means the same afterwards; a line of text has a space more. A character of
/// UTF-8 is not cut. The result does not depend on the cuts of the input.
///
/// **Limits**: it holds nothing but a count.
// Limitation: an octet that looks like the first of a character is taken for one, so a line of another
// character set may be folded up to three octets early.
package struct LineFolding: Sendable {
  /// The octets on the wire that a fold adds: CR, LF and the space.
  package static let addedBytes = 3

  /// The octets of the line so far.
  private var column = 0

  /// A folding at the start of content.
  package init() {}

  /// Passes `stored` on to the end of `output`.
  package mutating func process(_ stored: Span<UInt8>, into output: inout [UInt8]) {
    var run = 0
    while let place = nextFold(in: stored, from: run) {
      output.append(stored, run..<place)
      output += [.lineFeed, .space]
      run = place
    }
    output.append(stored, run..<stored.count)
  }

  /// Counts the folds that `process` would make in `stored`.
  package mutating func count(in stored: Span<UInt8>) -> Int {
    var count = 0
    var run = 0
    while let place = nextFold(in: stored, from: run) {
      count += 1
      run = place
    }
    return count
  }

  /// Where the next fold belongs; nil if the rest of the piece needs none.
  private mutating func nextFold(in stored: Span<UInt8>, from start: Int) -> Int? {
    var index = start
    while index < stored.count {
      let lineEnd = stored.firstLineFeed(from: index)
      // A character may begin here wherever it ends.
      let safe = max(index, min(lineEnd, index + Limits.foldedLineBytes - 3 - column))
      column += safe - index
      index = safe
      while index < lineEnd {
        guard column + stored[index].characterBytes <= Limits.foldedLineBytes else {
          column = 1
          return index
        }
        column += 1
        index += 1
      }
      guard lineEnd < stored.count else { return nil }
      column = 0
      index = lineEnd + 1
    }
    return nil
  }
}

/// Finds out about content whether it has lines to fold, and may be changed at all.
package struct LongLineScan: Sendable {
  private var folding = LineFolding()
  private var header = HeaderScan()
  private var folds = 0
  private var isSigned = false

  /// A scan at the start of content.
  package init() {}

  /// The folds that the content needs; nil if it has a signature, which a fold would break.
  ///
  /// RFC 6376 §3.4: a signature may be made so that it bears no new white space.
  package var result: Int? { isSigned ? nil : folds }

  /// Looks at the next piece of the content.
  package mutating func scan(_ stored: Span<UInt8>) {
    var index = 0
    while !header.isComplete, let part = header.next(in: stored, from: &index) {
      if part == .field, header.isNamed("DKIM-Signature") { isSigned = true }
    }
    if !isSigned { folds += folding.count(in: stored) }
  }
}

extension UInt8 {
  /// The octets of the character of UTF-8 that begins with this one; 1 for all that begin none.
  fileprivate var characterBytes: Int {
    switch self {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }
}
