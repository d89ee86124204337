import Testing

@testable import POP3

struct TopCutTests {
  static func cut(_ content: String, _ bodyLines: Int, chunk: Int) -> (String, Bool) {
    var cut = TopCut(bodyLines: bodyLines)
    let octets = Array(content.utf8)
    var taken: [UInt8] = []
    for start in stride(from: 0, to: octets.count, by: chunk) where !cut.isComplete {
      let piece = Array(octets[start..<min(start + chunk, octets.count)])
      taken += piece.prefix(cut.take(piece.span))
    }
    return (String(decoding: taken, as: UTF8.self), cut.isComplete)
  }

  @Test(
    arguments: [
      ("A: 1\nB: 2\n\none\ntwo\n", 0, "A: 1\nB: 2\n\n"),
      ("A: 1\nB: 2\n\none\ntwo\n", 1, "A: 1\nB: 2\n\none\n"),
      ("A: 1\nB: 2\n\none\ntwo\n", 2, "A: 1\nB: 2\n\none\ntwo\n"),
      ("A: 1\r\n\r\none\r\ntwo\r\n", 1, "A: 1\r\n\r\none\r\n"),
      ("A: 1\n\r\none\n", 0, "A: 1\n\r\n"),
      ("A: 1\n\r\r\n\none\n", 0, "A: 1\n\r\r\n\n"),
      ("\none\ntwo\n", 1, "\none\n"),
      ("\r\none\ntwo\n", 1, "\r\none\n"),
      ("A: 1\n\n\n\n\n", 2, "A: 1\n\n\n\n"),
    ], [1, 2, 3, 100])
  func `The cut is after the last line asked for`(
    _ sample: (content: String, bodyLines: Int, expected: String), chunk: Int
  ) {
    let (taken, isComplete) = Self.cut(sample.content, sample.bodyLines, chunk: chunk)
    #expect(taken == sample.expected)
    #expect(isComplete)
  }

  @Test(arguments: ["", "A: 1", "A: 1\n", "A: 1\n\none\ntwo", "A: 1\n\r"])
  func `Content that ends before is all of the reply`(content: String) {
    let (taken, isComplete) = Self.cut(content, 2, chunk: 3)
    #expect(taken == content)
    #expect(!isComplete)
  }
}
