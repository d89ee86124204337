import Testing

@testable import Mail

@Suite("Header scan")
struct HeaderScanTests {
  struct Result: Equatable {
    var fields: HeaderScan.Fields
    var received: Int
    var end: Int?
    var isComplete: Bool
    var isAbrupt: Bool

    init(_ content: String, pieceBytes: Int = Int.max) {
      let bytes = Array(content.utf8)
      var scan = HeaderScan()
      var start = 0
      while start < bytes.count, !scan.isComplete {
        let stop = start + min(pieceBytes, bytes.count - start)
        if let place = scan.scan(Array(bytes[start..<stop]).span) { end = start + place }
        start = stop
      }
      fields = scan.fields
      received = scan.receivedCount
      isComplete = scan.isComplete
      isAbrupt = scan.isAbrupt
    }
  }

  @Test("The fields of a header are found in any case and at any cut")
  func findsFields() {
    let header = """
      Received: from a
      \tby b; Message-ID: x
      received : from c
      FROM: x@y.z
      Subject: Date: none
      X-From: a
      From-X: a
      Message-Id: <1@a.b>

      """
    let content = header + "\nDate: in the body\nReceived: too\n"
    for size in 1...content.utf8.count {
      let result = Result(content, pieceBytes: size)
      #expect(result.fields == [.from, .messageID])
      #expect(result.received == 2)
      #expect(result.end == header.utf8.count)
      #expect(result.isComplete && !result.isAbrupt)
    }
  }

  @Test("A header that is not over has no end yet")
  func waits() {
    let result = Result("Date: x\nFrom: y\n")
    #expect(result.fields == [.date, .from])
    #expect(result.end == nil)
    #expect(!result.isComplete)
  }

  @Test(
    "A header ends where a line is no field",
    arguments: [
      ("Hello World\nFrom: x\n", 0), ("From: x\nHello\nDate: x\n", 8), (" x\nFrom: y\n", 0),
      ("From: x\nb\u{E9}: y\n", 8),
    ])
  func endsAbruptly(content: String, end: Int) {
    let result = Result(content)
    #expect(result.end == end)
    #expect(result.isAbrupt)
    #expect(!result.fields.contains(.date))
  }

  @Test("A header that ends abruptly at a cut is over, with no place to add to")
  func endsAbruptlyAtCut() {
    let result = Result("From: x\nHello\n", pieceBytes: 9)
    #expect(result.isComplete && result.isAbrupt)
    #expect(result.end == nil)
  }

  @Test("An empty content has a place for a header at its start")
  func emptyHeader() {
    #expect(Result("\nbody\n").end == 0)
    #expect(!Result("\nbody\n").isAbrupt)
  }

  @Test("A message with as many trace fields as the limit is looping", arguments: [99, 100])
  func countsHops(count: Int) {
    var scan = HeaderScan()
    let header = String(repeating: "Received: by a\n", count: count) + "\n"
    _ = scan.scan(Array(header.utf8).span)
    #expect(scan.receivedCount == count)
    #expect(scan.isLooping == (count == 100))
  }
}
