import Mail
import TestSupport
import Testing

@testable import SMTP

@Suite("Reply parser")
struct ReplyParserTests {
  /// Hands in lines, of which all but the last must be incomplete.
  static func parse(_ lines: [String]) -> ReplyParser.Step {
    var parser = ReplyParser()
    for line in lines.dropLast() {
      let step = parser.receive(Array(line.utf8)[...])
      guard step == .incomplete else { return step }
    }
    return parser.receive(Array((lines.last ?? "").utf8)[...])
  }

  @Test(
    "Lines make a reply with its code, its status and its text",
    arguments: [
      (["250 Ok"], 250, nil, ["Ok"]),
      (["250"], 250, nil, [""]),
      (["250 "], 250, nil, [""]),
      (["354 Go on"], 354, nil, ["Go on"]),
      (["550 5.1.1 No such user"], 550, "5.1.1", ["No such user"]),
      (["550-5.1.1 one", "550 5.1.1 two"], 550, "5.1.1", ["one", "two"]),
      (["550-one", "550-5.1.1 two", "550 5.7.1 three"], 550, "5.1.1", ["one", "two", "three"]),
      (
        ["250-host greets", "250-SIZE 10", "250 HELP"], 250, nil,
        ["host greets", "SIZE 10", "HELP"]
      ),
      (["450 5.1.1 The classes differ"], 450, nil, ["5.1.1 The classes differ"]),
      (["250-", "250 x"], 250, nil, ["", "x"]),
      (["554 caf\u{E9}\u{0}\t."], 554, nil, ["caf\\xc3\\xa9\\x00 ."]),
    ] as [([String], UInt16, String?, [String])])
  func parses(lines: [String], code: UInt16, status: String?, text: [String]) {
    guard case .reply(let reply) = Self.parse(lines) else {
      Issue.record("\(lines) made no reply")
      return
    }
    #expect(reply.code.rawValue == code)
    #expect(reply.status?.text == status)
    #expect(reply.lines == text)
  }

  @Test(
    "What is no SMTP is told from a reply",
    arguments: [
      [""], ["x"], ["25 Ok"], ["2500 Ok"], ["250x"], ["199 Ok"], ["600 Ok"], ["999"], [" 250 Ok"],
      ["+OK ready"], ["250-a", "550 b"], ["250-a", "b"], ["HTTP/1.1 400 Bad Request"],
    ])
  func refuses(lines: [String]) {
    #expect(Self.parse(lines) == .malformed)
  }

  @Test("A reply has a limited number of lines", arguments: [0, 1])
  func limitsLines(excess: Int) {
    let count = SMTP.Limits.receivedReplyLines + excess
    let lines = Array(repeating: "250-x", count: count - 1) + ["250 x"]
    #expect((Self.parse(lines) == .malformed) == (excess == 1))
  }

  @Test("Of a long reply some of the text is kept")
  func limitsText() {
    let line = "250-" + String(repeating: "\u{1}", count: 4000)
    let step = Self.parse(Array(repeating: line, count: 100) + ["250 end"])
    guard case .reply(let reply) = step else {
      Issue.record("no reply")
      return
    }
    let kept = reply.lines.reduce(0) { $0 + $1.utf8.count }
    #expect((4000...SMTP.Limits.receivedReplyTextBytes).contains(kept))
    #expect(reply.text.utf8.count <= Mail.Limits.quotedTextBytes)
  }

  @Test("The parser is ready for the next reply after one")
  func startsAnew() {
    var parser = ReplyParser()
    for code in [250, 550] {
      let line = Array("\(code) x".utf8)
      guard case .reply(let reply) = parser.receive(line[...]) else {
        Issue.record("no reply")
        return
      }
      #expect(reply.code.rawValue == UInt16(code))
    }
  }

  @Test("No bytes make the parser fail or keep what is not visible", arguments: 0..<40)
  func survivesNoise(seed: UInt64) {
    var random = FixedRandom(seed: seed)
    let alphabet = Array("2505-. 1\u{0}\r\n\t\u{E9}x".utf8)
    for _ in 0..<300 {
      var parser = ReplyParser()
      for _ in 0..<3 {
        var line = Array(
          (["250-", "250 ", "", "550 5.1.1"].randomElement(using: &random) ?? "").utf8)
        for _ in 0..<Int.random(in: 0...8, using: &random) {
          line.append(alphabet.randomElement(using: &random) ?? 0)
        }
        guard case .reply(let reply) = parser.receive(line[...]) else { continue }
        #expect(reply.lines.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
      }
    }
  }
}
