/// Passes stored content on with another author in its header, for a server that takes mail of one
/// verified address only.
///
/// `From:` gets the address and keeps the name that is displayed, `Sender:` gets it where there is one.
/// Whoever wrote the message is told in `Author:` (RFC 9057), and in `Reply-To:` if there is none and
/// that is wanted. The new fields stand at the end of the header. The content behind the header passes
/// as it is, and the result does not depend on the cuts.
///
/// **Failures**: none; a `From:` that cannot be read, or is longer than `Limits.fieldValueBytes`, loses its
/// name and is told nowhere.
/// **Limits**: it holds a name and `Limits.fieldValueBytes` of a field, and nothing behind the header.
package struct AuthorReplacement: Sendable {
  /// More octets than a message can grow by, on the wire: four fields with the longest values.
  package static let addedBytes = 8 << 10

  private let mailbox: Mailbox
  private let addsReplyTo: Bool
  private var scan = HeaderScan()
  /// The value of the first `From:`, for as far as there is room.
  private var author: [UInt8]?
  private var isAuthorCut = false
  private var hasSender = false
  private var hasReplyTo = false
  private var hasAuthorField = false
  /// What becomes of the field that is passing.
  private var treatment = Treatment.pass
  /// Whether what has passed lacks a line end.
  private var isLineOpen = false

  private enum Treatment {
    case pass
    /// It is left out, and its value is kept.
    case keep
    case remove
  }

  /// A pass at the start of content.
  package init(by mailbox: Mailbox, addsReplyTo: Bool) {
    self.mailbox = mailbox
    self.addsReplyTo = addsReplyTo
  }

  /// Whether the header is behind, so that the rest of the content needs no pass.
  package var isComplete: Bool { scan.isComplete }

  /// Passes `stored` on to the end of `output`.
  package mutating func process(_ stored: Span<UInt8>, into output: inout [UInt8]) {
    var index = 0
    while !isComplete, let part = scan.next(in: stored, from: &index) {
      switch part {
      case .field:
        startField(into: &output)
      case .value(let range):
        takeValue(stored, range, into: &output)
      case .text where !scan.hasField:
        // There is no header, and this is its end.
        endHeader(into: &output)
        output.append(.lineFeed)
        output += scan.name
        _ = scan.finish()
      case .text, .mailboxLine:
        treatment = .pass
        output += scan.name
        isLineOpen = true
      case .end:
        endHeader(into: &output)
      }
    }
    output.append(stored, index..<stored.count)
  }

  /// Ends the pass; a header that had not ended ends here.
  package mutating func finish(into output: inout [UInt8]) {
    guard !isComplete else { return }
    let hasField = scan.hasField
    let rest = scan.finish()
    if hasField { output += rest }
    isLineOpen = isLineOpen || hasField && !rest.isEmpty
    endHeader(into: &output)
    if !hasField, !rest.isEmpty { output += [.lineFeed] + rest }
  }

  private mutating func startField(into output: inout [UInt8]) {
    treatment = .pass
    if scan.isNamed("From") {
      // A second one is against RFC 5322 §3.6, and some program would show it.
      treatment = author == nil ? .keep : .remove
      author = author ?? []
    } else if scan.isNamed("Sender") {
      treatment = .remove
      hasSender = true
    } else {
      if scan.isNamed("Reply-To") { hasReplyTo = true }
      if scan.isNamed("Author") { hasAuthorField = true }
      output += scan.name
      output.append(.colon)
      isLineOpen = true
    }
  }

  private mutating func takeValue(
    _ stored: Span<UInt8>, _ range: Range<Int>, into output: inout [UInt8]
  ) {
    switch treatment {
    case .pass:
      output.append(stored, range)
      isLineOpen = stored[range.upperBound - 1] != .lineFeed
    case .keep:
      let kept = range.prefix(Limits.fieldValueBytes - (author?.count ?? 0))
      author?.append(stored, kept)
      if kept.count < range.count { isAuthorCut = true }
    case .remove:
      break
    }
  }

  private mutating func endHeader(into output: inout [UInt8]) {
    if isLineOpen { output.append(.lineFeed) }
    isLineOpen = false
    var value = author ?? []
    while value.last == .lineFeed { value.removeLast() }
    let authors = AuthorList(isAuthorCut ? [] : value[...])
    output += "From: ".utf8
    if authors.soleName.isEmpty {
      output += mailbox.headerText.utf8
    } else {
      output += authors.soleName
      output += " <\(mailbox.headerText)>".utf8
    }
    output.append(.lineFeed)
    if hasSender { output += "Sender: \(mailbox.headerText)\n".utf8 }
    if let value = authors.value, authors.sole != mailbox {
      if addsReplyTo, !hasReplyTo { output += Array("Reply-To:".utf8) + value + [.lineFeed] }
      if !hasAuthorField { output += Array("Author:".utf8) + value + [.lineFeed] }
    }
  }
}
