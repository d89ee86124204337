/// Passes stored content on, and on the way reads its header, and changes it as its rules say.
///
/// Fields are added at the end of the header, where they disturb no signature or trace. What is not
/// changed passes as it is, the content behind the header in whole pieces, and the result does not
/// depend on the cuts. The line that a mailbox file has before a message is kept as a field.
///
/// A line that is no field is the first of the text, where a device has left out the empty line, or a
/// fault in the middle of a header. So it is held, with what follows, until a field that is well known
/// shows that the header goes on. Fields are added in front of it. It gets the empty line that it lacks
/// only where it proves to be text, and fields are added or results looked at.
///
/// **Failures**: none; a violation is a fact about the message, and what passes with one is of no use.
/// **Limits**: it holds a name and `Limits.fieldValueBytes` of a field, `Limits.doubtfulBytes` of lines
/// that may be text, and nothing behind the header.
package struct HeaderPass: Sendable {
  /// What makes a header unfit to be stored or sent on.
  package enum Violation: Equatable, Sendable, CustomStringConvertible {
    /// A byte above 127 where the rules allow none.
    case beyondASCII
    /// More than `Limits.headerBytes`.
    case tooLarge

    /// The violation as a log tells it.
    package var description: String {
      switch self {
      case .beyondASCII: "header beyond ASCII"
      case .tooLarge: "header too large"
      }
    }
  }

  /// What is wrong with the header, nil while nothing is.
  package private(set) var violation: Violation?
  /// The `Received:` fields found so far.
  package private(set) var receivedCount = 0
  /// Whether the header has bytes above 127: it takes SMTPUTF8 to send it on (RFC 6531 §3.4).
  package private(set) var isInternational = false

  /// Whether the message has been going in circles (RFC 5321 §6.3).
  package var isLooping: Bool { receivedCount >= Limits.receivedFields }
  /// Whether the header is behind, so that the rest of the content needs no pass.
  package var isComplete: Bool { scan.isComplete || violation == .tooLarge }

  /// What is found in a header that a rule asks for.
  private struct Found: OptionSet {
    let rawValue: UInt8
    static let date = Found(rawValue: 1)
    static let messageID = Found(rawValue: 2)
    static let author = Found(rawValue: 4)
    static let destination = Found(rawValue: 8)
    static let mimeVersion = Found(rawValue: 16)
    static let sender = Found(rawValue: 32)
    /// A `From:` that is not one address of the account.
    static let foreignAuthor = Found(rawValue: 64)
  }

  /// What becomes of the field that is passing.
  private enum Treatment {
    case pass
    /// It is no field, and passes.
    case passText
    /// It passes, and its value is kept to be read.
    case passAuthor
    /// It is held back until it is known whose results it has.
    case holdResults
    case remove
  }

  private let rules: HeaderRules
  private var scan = HeaderScan()
  private var found: Found = []
  private var treatment = Treatment.pass
  /// The value of a field that is read, for as far as there is room.
  private var value: [UInt8] = []
  /// What stands before the value of a field that is held back.
  private var heldName: [UInt8] = []
  private var isValueCut = false
  /// Whether what passes may be header or text: it begins with a line that is no field.
  private var isDoubtful = false
  /// What is held for this doubt.
  private var held: [UInt8] = []
  /// Whether what is held has bytes above 127 in what would be fields.
  private var isDoubtfulInternational = false
  /// Whether what has passed lacks a line end.
  private var isLineOpen = false
  private var headerBytes = 0

  /// A pass at the start of content.
  package init(_ rules: HeaderRules) {
    self.rules = rules
  }

  /// Passes `stored` on to the end of `output`.
  package mutating func process(_ stored: Span<UInt8>, into output: inout [UInt8]) {
    var index = 0
    while !isComplete, let part = scan.next(in: stored, from: &index) {
      take(part, stored, into: &output)
    }
    output.append(stored, index..<stored.count)
  }

  /// Reads `stored`, and leaves it as it is.
  package mutating func scan(_ stored: Span<UInt8>) {
    var nothing: [UInt8] = []
    process(stored, into: &nothing)
  }

  /// Ends the pass; a header that had not ended ends here.
  package mutating func finish(into output: inout [UInt8]) {
    guard !isComplete else { return }
    let hasField = scan.hasField
    let rest = scan.finish()
    endField(into: &output)
    if !rest.isEmpty {
      isDoubtful = true
      held += rest
    }
    let additions = additions
    endHeader(adding: additions, isText: !additions.isEmpty || !hasField, into: &output)
  }

  // MARK: Parts

  private mutating func take(
    _ part: HeaderScan.Part, _ stored: Span<UInt8>, into output: inout [UInt8]
  ) {
    guard isDoubtful else { return takeCertain(part, stored, into: &output) }
    if part == .field && isWellKnown || part == .end {
      // The header has gone on behind the line that is no field.
      endDoubt()
      if part == .end {
        endHeader(adding: additions, isText: false, into: &output)
      } else {
        output += held
        held = []
        startField(into: &output)
      }
      return
    }
    var held = self.held
    self.held = []
    switch part {
    case .field:
      startField(into: &held)
    case .value(let range):
      takeValue(stored, range, into: &held)
    case .text, .mailboxLine, .end:
      held += scan.name
      treatment = .passText
    }
    self.held = held
    if held.count > Limits.doubtfulBytes {
      _ = scan.finish()
      endHeader(adding: additions, isText: true, into: &output)
    }
  }

  private mutating func endDoubt() {
    isDoubtful = false
    count(held.count)
    if isDoubtfulInternational { noteInternational() }
    isDoubtfulInternational = false
  }

  private mutating func takeCertain(
    _ part: HeaderScan.Part, _ stored: Span<UInt8>, into output: inout [UInt8]
  ) {
    switch part {
    case .field:
      endField(into: &output)
      startField(into: &output)
    case .value(let range):
      takeValue(stored, range, into: &output)
    case .text:
      endField(into: &output)
      isDoubtful = true
      held = scan.name
      treatment = .passText
      guard !scan.hasField, !additions.isEmpty else { return }
      // There is no header at all, and one is made.
      _ = scan.finish()
      endHeader(adding: additions, isText: true, into: &output)
    case .mailboxLine:
      // Dropped, it would take the first line of a text that happens to begin so.
      endField(into: &output)
      output += "X-Mailbox-Line: ".utf8
      output += scan.name
      treatment = .passText
      isLineOpen = true
    case .end:
      endField(into: &output)
      endHeader(adding: additions, isText: false, into: &output)
    }
  }

  // MARK: Fields

  private mutating func startField(into output: inout [UInt8]) {
    count(scan.name.count + 1)
    treatment = recognize()
    switch treatment {
    case .pass, .passText, .passAuthor:
      output += scan.name
      output.append(.colon)
      isLineOpen = true
    case .holdResults:
      heldName = scan.name + [.colon]
    case .remove:
      break
    }
  }

  private mutating func recognize() -> Treatment {
    if scan.isNamed("Received") {
      receivedCount += 1
    } else if scan.isNamed("From") {
      found.insert(.author)
      if rules.account != nil { return .passAuthor }
    } else if scan.isNamed("Sender") {
      found.insert(.sender)
    } else if scan.isNamed("Date") {
      found.insert(.date)
    } else if scan.isNamed("Message-ID") {
      found.insert(.messageID)
    } else if scan.isNamed("To") || scan.isNamed("Cc") || scan.isNamed("Bcc") {
      found.insert(.destination)
    } else if scan.isNamed("MIME-Version") {
      found.insert(.mimeVersion)
    } else if scan.isNamed("Return-Path"), rules.removesReturnPath {
      return .remove
    } else if scan.isNamed("Authentication-Results"), rules.authenticationServer != nil {
      return .holdResults
    }
    return .pass
  }

  private mutating func takeValue(
    _ stored: Span<UInt8>, _ range: Range<Int>, into output: inout [UInt8]
  ) {
    count(range.count)
    if treatment != .passText, !isInternational, !stored.isASCII(in: range) {
      if isDoubtful { isDoubtfulInternational = true } else { noteInternational() }
    }
    isLineOpen = treatment != .remove && stored[range.upperBound - 1] != .lineFeed
    var passed = range
    if treatment == .passAuthor || treatment == .holdResults {
      let kept = range.prefix(Limits.fieldValueBytes - value.count)
      value.append(stored, kept)
      if kept.count < range.count { isValueCut = true }
      if treatment == .holdResults {
        guard isValueCut else { return }
        decideAboutResults(into: &output)
        passed = kept.upperBound..<range.upperBound
      }
    }
    if treatment != .remove { output.append(stored, passed) }
  }

  private mutating func endField(into output: inout [UInt8]) {
    switch treatment {
    case .pass, .passText, .remove:
      break
    case .passAuthor:
      if isValueCut || !isOwn(author: Mailbox(soleAuthorIn: value[...])) {
        found.insert(.foreignAuthor)
      }
    case .holdResults:
      decideAboutResults(into: &output)
    }
    treatment = .pass
    value.removeAll(keepingCapacity: true)
    isValueCut = false
  }

  /// Passes on or removes what has been held back.
  ///
  /// What names no server within the room for a value is removed: it may be made so that this reader
  /// gives up and the next one does not.
  private mutating func decideAboutResults(into output: inout [UInt8]) {
    let server = AuthenticationResults.server(in: value[...])
    if let server, server != rules.authenticationServer?.text {
      output += heldName
      output += value
      treatment = .pass
    } else {
      treatment = .remove
      isLineOpen = false
    }
  }

  private func isOwn(author: Mailbox?) -> Bool {
    guard let author, let account = rules.account else { return false }
    return account.mayWrite(author)
  }

  private mutating func count(_ bytes: Int) {
    guard !isDoubtful else { return }
    headerBytes += bytes
    if headerBytes > Limits.headerBytes { violation = .tooLarge }
  }

  private mutating func noteInternational() {
    isInternational = true
    if !rules.allowsUTF8 { violation = violation ?? .beyondASCII }
  }

  /// Whether programs that write mail write the field that has begun, and people hardly in a text.
  private var isWellKnown: Bool {
    Self.wellKnown.contains { scan.isNamed($0) }
  }

  private static var wellKnown: [StaticString] {
    [
      "Received", "From", "Sender", "Date", "Message-ID", "To", "Cc", "Bcc", "Subject", "Reply-To",
      "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "In-Reply-To", "References",
      "Return-Path", "Authentication-Results", "DKIM-Signature",
    ]
  }

  // MARK: The end

  /// Ends the header with what is added to it, and with what is held.
  ///
  /// - Parameter isText: whether what is held is no part of the header, which lacks its empty line then.
  private mutating func endHeader(
    adding additions: String, isText: Bool, into output: inout [UInt8]
  ) {
    if !additions.isEmpty, isLineOpen, held.isEmpty { output.append(.lineFeed) }
    output += additions.utf8
    // Who passes over a line that is no field reads on, and would find results in this host's name.
    if isText, isDoubtful, !additions.isEmpty || rules.authenticationServer != nil {
      output.append(.lineFeed)
    }
    output += held
    held = []
  }

  /// The fields that are missing.
  private var additions: String {
    var text = ""
    if let id = rules.messageID, !found.contains(.messageID) { text += "Message-ID: \(id.text)\n" }
    if let date = rules.date, !found.contains(.date) { text += "Date: \(date.text)\n" }
    if let author = rules.author, !found.contains(.author) {
      text += "From: \(author.headerText)\n"
    }
    if let account = rules.account, found.contains(.foreignAuthor), !found.contains(.sender) {
      text += "Sender: \(account.mailbox.headerText)\n"
    }
    if rules.addsDestination, !found.contains(.destination) {
      text += "To: undisclosed-recipients:;\n"
    }
    if rules.addsMIMEVersion, !found.contains(.mimeVersion) {
      text += "MIME-Version: 1.0\n"
    }
    return text
  }
}
