import Testing

@testable import Mail

@Suite("Wire encoder")
struct WireEncoderTests {
  @Test(
    "Stored lines get CRLF, a stuffed dot and an end",
    arguments: [
      ("", ".\r\n"),
      ("a\n", "a\r\n.\r\n"),
      ("a", "a\r\n.\r\n"),
      (".\n", "..\r\n.\r\n"),
      ("a\n.b\n\n..\n", "a\r\n..b\r\n\r\n...\r\n.\r\n"),
      ("\n", "\r\n.\r\n"),
      ("a.b\n", "a.b\r\n.\r\n"),
    ])
  func encodes(stored: String, wire: String) {
    for size in 1...max(1, stored.utf8.count) {
      #expect(text(encoded(Array(stored.utf8)) { size }) == wire)
    }
  }

  @Test(
    "A foreign file passes as it is",
    arguments: [
      ("a\r\nb\r\n", "a\r\nb\r\n.\r\n"),
      ("a\r\n.\r\n", "a\r\n..\r\n.\r\n"),
      ("a\r", "a\r\n.\r\n"),
      ("a\rb\0\n", "a\rb\0\r\n.\r\n"),
      ("a\r\r\n", "a\r\r\n.\r\n"),
      ("\r\n", "\r\n.\r\n"),
    ])
  func passesForeignBytes(stored: String, wire: String) {
    for size in 1...stored.utf8.count {
      #expect(text(encoded(Array(stored.utf8)) { size }) == wire)
    }
  }

  @Test("Decoding undoes encoding", arguments: 0..<200)
  func roundTrip(seed: UInt64) {
    var random = FixedRandom(seed: seed)
    let count = Int.random(in: 0...200, using: &random)
    let stored =
      random.content(count: count, alphabet: Array("\n\n..ab \t\u{FE}".utf8)) + [.lineFeed]
    let wire = encoded(stored) { Int.random(in: 1...20, using: &random) }
    let result = Decoded(wire) { Int.random(in: 1...20, using: &random) }
    #expect(result.stored == stored)
    #expect(result.violation == nil)
    #expect(result.consumed == wire.count)
  }

  @Test("No stored byte ends the content early", arguments: 0..<200)
  func endsOnce(seed: UInt64) {
    var random = FixedRandom(seed: seed)
    let stored = random.content(count: 80, alphabet: Array("\r\n.a\0".utf8))
    let wire = encoded(stored) { Int.random(in: 1...9, using: &random) }
    #expect(ContentDecoderTests.trueEnd(of: wire) == wire.count)
  }
}

@Suite("Content excerpt")
struct ContentExcerptTests {
  static let message = "Subject: x\nTo: y\n\none\n\nthree\nlast without end"

  @Test(
    "An excerpt is the header, the empty line and so many lines",
    arguments: [
      (0, "Subject: x\nTo: y\n\n"),
      (1, "Subject: x\nTo: y\n\none\n"),
      (3, "Subject: x\nTo: y\n\none\n\nthree\n"),
      (9, message),
    ])
  func cuts(lines: Int, expected: String) {
    let content = Array(Self.message.utf8)
    for size in 1...content.count {
      #expect(text(Self.excerpt(of: content, lines: lines, pieceBytes: size)) == expected)
    }
  }

  @Test("The empty line of a foreign file may hold a CR")
  func understandsCRLF() {
    let content = Array("A: b\r\n\r\n1\r\n2\r\n".utf8)
    for size in 1...content.count {
      let excerpt = Self.excerpt(of: content, lines: 1, pieceBytes: size)
      #expect(text(excerpt) == "A: b\r\n\r\n1\r\n")
    }
  }

  static func excerpt(of content: [UInt8], lines: Int, pieceBytes: Int) -> [UInt8] {
    var excerpt = ContentExcerpt(bodyLines: lines)
    var result: [UInt8] = []
    var start = 0
    while start < content.count, !excerpt.isComplete {
      let piece = Array(content[start..<min(start + pieceBytes, content.count)])
      result += piece[..<excerpt.prefix(of: piece.span)]
      start += pieceBytes
    }
    return result
  }
}
