import Mail

extension FuzzEntry {
  /// The first byte chooses the rules and the second the cuts; the rest is the content.
  static func runHeader(_ input: [UInt8]) throws(FuzzFinding) {
    guard input.count >= 2 else { return }
    let content = Array(input.dropFirst(2))
    try checkReplacement(content, seed: input[1])
    let rules = rules(bits: input[0])
    let whole = Passed(content.isEmpty ? [] : [content], rules)
    let cut = Passed(content.pieces(seed: input[1]), rules)
    try FuzzFinding.check(whole.violation == cut.violation, "a violation depends on the cuts")
    guard whole.violation == nil else { return }
    try FuzzFinding.check(whole == cut, "what becomes of a header depends on the cuts")
    if input[0] & 1 == 1, !whole.output.starts(with: "X-Mailbox-Line".utf8) {
      try FuzzFinding.check(whole.output == content, "no rules change nothing")
    }
    let again = Passed([whole.output], rules)
    try FuzzFinding.check(again.output == whole.output, "what has passed passes unchanged")
  }

  /// That a replaced author is the only one, and that nothing behind the header is touched.
  private static func checkReplacement(_ content: [UInt8], seed: UInt8) throws(FuzzFinding) {
    guard let anna = Mailbox("anna@home.example") else { return }
    func replaced(_ pieces: [[UInt8]]) -> [UInt8] {
      var pass = AuthorReplacement(by: anna, addsReplyTo: true)
      var output: [UInt8] = []
      for piece in pieces { pass.process(piece.span, into: &output) }
      pass.finish(into: &output)
      return output
    }
    let output = replaced(content.isEmpty ? [] : [content])
    try FuzzFinding.check(
      output == replaced(content.pieces(seed: seed)), "a replaced author depends on the cuts")
    let lines = { (bytes: [UInt8]) in bytes.count { $0 == .lineFeed } }
    try FuzzFinding.check(
      output.count + lines(output)
        <= content.count + lines(content) + AuthorReplacement.addedBytes,
      "a replaced author takes more room than was said")
    let body = content[HeaderScan.headerBytes(of: content.span)...]
    try FuzzFinding.check(output.suffix(body.count) == body, "a body is touched")
    var scan = HeaderScan()
    var index = 0
    var authors = 0
    while let part = scan.next(in: output.span, from: &index) {
      if part == .field, scan.isNamed("From") { authors += 1 }
    }
    try FuzzFinding.check(authors == 1, "a message has another author beside the new one")
  }

  private static func rules(bits: UInt8) -> HeaderRules {
    var rules = HeaderRules()
    guard
      let host = Domain("gw.home.example"), let anna = Mailbox("anna@home.example"), bits & 1 == 0
    else { return rules }
    if bits & 2 == 0 { rules.date = DateTime(unixSeconds: 0) }
    if bits & 4 == 0 { rules.messageID = MessageID(unique: "1", host: host) }
    if bits & 8 == 0 { rules.author = anna }
    if bits & 16 == 0 { rules.account = .init(mailbox: anna) { $0 == anna } }
    if bits & 32 == 0 { rules.authenticationServer = host }
    rules.removesReturnPath = bits & 64 == 0
    rules.addsDestination = bits & 64 == 0
    rules.addsMIMEVersion = bits & 64 == 0
    rules.allowsUTF8 = bits & 128 == 0
    return rules
  }

  private struct Passed: Equatable {
    var output: [UInt8] = []
    var violation: HeaderPass.Violation?
    var receivedCount: Int
    var isInternational: Bool

    init(_ pieces: [[UInt8]], _ rules: HeaderRules) {
      var pass = HeaderPass(rules)
      for piece in pieces { pass.process(piece.span, into: &output) }
      pass.finish(into: &output)
      violation = pass.violation
      receivedCount = pass.receivedCount
      isInternational = pass.isInternational
    }
  }

  /// The first byte says whether bare LF is repaired, the second chooses the cuts.
  static func runContent(_ input: [UInt8]) throws(FuzzFinding) {
    guard input.count >= 2 else { return }
    let wire = Array(input.dropFirst(2))
    let repairsBareLF = input[0] & 1 == 1
    let whole = Decoded([wire], repairsBareLF: repairsBareLF)
    let cut = Decoded(wire.pieces(seed: input[1]), repairsBareLF: repairsBareLF)
    try FuzzFinding.check(whole.consumed == cut.consumed, "the end depends on the cuts")
    try FuzzFinding.check(whole.violation == cut.violation, "a violation depends on the cuts")
    try FuzzFinding.check(whole.consumed == trueEnd(of: wire), "the end is not CRLF, dot, CRLF")
    guard whole.violation == nil else { return }
    try FuzzFinding.check(whole.stored == cut.stored, "what is stored depends on the cuts")
    try FuzzFinding.check(
      !whole.stored.contains { $0 == .carriageReturn || $0 == .nul }, "a control is stored")
    guard whole.consumed != nil else { return }
    var encoder = WireEncoder()
    var sent: [UInt8] = []
    encoder.encode(whole.stored.span, into: &sent)
    encoder.finish(into: &sent)
    let received = Decoded([sent], repairsBareLF: false)
    try FuzzFinding.check(
      received.violation == nil && received.stored == whole.stored
        && received.consumed == sent.count,
      "what is sent on is not what came in")
  }

  /// The first byte says whether bare LF is repaired, the second chooses the cuts.
  static func runChunks(_ input: [UInt8]) throws(FuzzFinding) {
    guard input.count >= 2 else { return }
    let wire = Array(input.dropFirst(2))
    let repairsBareLF = input[0] & 1 == 1
    let whole = Decoded([wire], framing: .chunks, repairsBareLF: repairsBareLF)
    let cut = Decoded(
      wire.pieces(seed: input[1]), framing: .chunks, repairsBareLF: repairsBareLF)
    try FuzzFinding.check(whole.consumed == nil, "something ends content that is counted")
    try FuzzFinding.check(whole.violation == cut.violation, "a violation depends on the cuts")
    guard whole.violation == nil else { return }
    try FuzzFinding.check(whole.stored == cut.stored, "what is stored depends on the cuts")
    try FuzzFinding.check(whole.stored == lines(of: wire), "other lines are stored")
  }

  /// The lines of content without a violation, each with LF, found in the plainest way.
  private static func lines(of wire: [UInt8]) -> [UInt8] {
    let lines = wire.filter { $0 != .carriageReturn }
    return lines.isEmpty || lines.last == .lineFeed ? lines : lines + [.lineFeed]
  }

  private struct Decoded {
    var stored: [UInt8] = []
    var consumed: Int?
    var violation: ContentDecoder.Violation?

    init(
      _ pieces: [[UInt8]], framing: ContentDecoder.Framing = .dots, repairsBareLF: Bool
    ) {
      var decoder = ContentDecoder(framing: framing, repairsBareLF: repairsBareLF)
      var passed = 0
      for piece in pieces {
        if let used = decoder.decode(piece.span, into: &stored) {
          consumed = passed + used
          break
        }
        passed += piece.count
      }
      if framing == .chunks { decoder.finishChunks(into: &stored) }
      violation = decoder.violation
    }
  }

  /// The first place after CRLF, dot, CRLF, found in the plainest way.
  private static func trueEnd(of wire: [UInt8]) -> Int? {
    let all = Array("\r\n".utf8) + wire
    let end = Array("\r\n.\r\n".utf8)
    let start = all.indices.first { all[$0...].starts(with: end) }
    return start.map { $0 + end.count - 2 }
  }
}
