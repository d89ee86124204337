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
    var isAbrupt: Bool

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
          case .end: end = scan.name
          }
        }
        if scan.isComplete { end += piece[index...] }
        start = stop
      }
      rest = text(end)
      isComplete = scan.isComplete
      isAbrupt = scan.isAbrupt
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
      #expect(result.isComplete && !result.isAbrupt)
    }
  }

  @Test("A header that is not over has no end yet")
  func waits() {
    let result = Result("Date: x\nFrom: y\n")
    #expect(result.fields == ["Date", "From"])
    #expect(!result.isComplete)
  }

  @Test(
    "A header ends where a line is no field, at any cut",
    arguments: [
      ("", "Hello World\nFrom: x\n"), ("From: x\n", "Hello\nDate: x\n"), ("", " x\nFrom: y\n"),
      ("From: x\n", "b\u{E9}: y\n"), ("", ": x\n"), ("From: x\n", ": x\n"), ("", "\tx: y\n"),
      ("", "From me Mon Jan 1 10:00:00\n"), ("A: b\n", "Dear all: hello\n"), ("A: b\n", "x\0: y\n"),
      ("A: b\n", String(repeating: "x", count: Limits.fieldNameBytes + 1) + ": y\n"),
    ])
  func endsAbruptly(header: String, rest: String) {
    for size in 1...(header + rest).utf8.count {
      let result = Result(header + rest, pieceBytes: size)
      #expect(result.fields.count == (header.isEmpty ? 0 : 1))
      #expect(result.rest == rest)
      #expect(result.isAbrupt)
    }
    #expect(HeaderScan.headerBytes(of: Array((header + rest).utf8).span) == header.utf8.count)
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
