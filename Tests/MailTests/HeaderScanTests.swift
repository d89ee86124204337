import Testing

@testable import Mail

@Suite("Header scan")
struct HeaderScanTests {
  /// The names of the fields, the values put together, and how the header ended.
  struct Result: Equatable {
    var fields: [String] = []
    var values: [String] = []
    var rest = ""
    var isComplete: Bool

    init(_ content: String, pieceBytes: Int = Int.max) {
      let bytes = Array(content.utf8)
      var scan = HeaderScan()
      var end: [UInt8] = []
      var start = 0
      while start < bytes.count {
        let stop = start + min(pieceBytes, bytes.count - start)
        let piece = Array(bytes[start..<stop])
        var index = 0
        while let part = scan.next(in: piece.span, from: &index) {
          switch part {
          case .field:
            fields.append(text(scan.name))
            values.append("")
          case .value(let range): values[values.count - 1] += text(Array(piece[range]))
          case .text:
            fields.append("text")
            values.append(text(scan.name))
          case .mailboxLine:
            fields.append("mailbox")
            values.append(text(scan.name))
          case .end: break
          }
        }
        if scan.isComplete { end += piece[index...] }
        start = stop
      }
      rest = text(end)
      isComplete = scan.isComplete
    }
  }

  @Test("A header is taken apart at any cut")
  func takesApart() {
    let content = "Received: from a\n\tby b; Date: x\nreceived \t: c\nX-1:\n  two\n\nDate: y\n: z\n"
    for size in 1...content.utf8.count {
      let result = Result(content, pieceBytes: size)
      #expect(result.fields == ["Received", "received \t", "X-1"])
      #expect(result.values == [" from a\n\tby b; Date: x\n", " c\n", "\n  two\n"])
      #expect(result.rest == "\nDate: y\n: z\n")
      #expect(result.isComplete)
    }
  }

  @Test("A header that is not over has no end yet")
  func waits() {
    let result = Result("Date: x\nFrom: y\n")
    #expect(result.fields == ["Date", "From"])
    #expect(!result.isComplete)
  }

  @Test(
    "A line that is no field is told as text, and the header goes on, at any cut",
    arguments: [
      "Hello World\n", " x\n", "b\u{1}: y\n", ": x\n", "\tx: y\n", "Dear all: hello\n", "x\0: y\n",
      "From \n", String(repeating: "x", count: Limits.fieldNameBytes + 1) + ": y\n",
    ])
  func tellsText(line: String) {
    let isBlank = line.first == " " || line.first == "\t"
    for before in ["", "A: b\n"] where before.isEmpty || !isBlank {
      let isMailbox = before.isEmpty && line.hasPrefix("From ")
      for size in 1...(before + line).utf8.count {
        let result = Result(before + line + "C: d\n\nbody\n", pieceBytes: size)
        #expect(
          result.fields == (before.isEmpty ? [] : ["A"]) + [isMailbox ? "mailbox" : "text", "C"])
        #expect(result.values == (before.isEmpty ? [] : [" b\n"]) + [line, " d\n"])
        #expect(result.rest == "\nbody\n")
      }
      guard !isMailbox else { continue }
      let content = Array((before + line + "C: d\n\n").utf8)
      #expect(
        HeaderScan.headerBytes(of: content.span) == (before.isEmpty ? 0 : content.count - 1))
    }
  }

  @Test("A name may be as long as its limit")
  func longName() {
    let name = String(repeating: "x", count: Limits.fieldNameBytes)
    #expect(Result(name + ": y\n").fields == [name])
  }

  @Test(
    "The header of content is measured",
    arguments: [("\nbody\n", 0), ("A: b\n\nc", 5), ("A: b", 4)])
  func measures(content: String, bytes: Int) {
    #expect(HeaderScan.headerBytes(of: Array(content.utf8).span) == bytes)
  }
}
