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

  @Test(
    "Where the size is told, lines get CRLF and nothing else",
    arguments: [
      ("", ""), ("a\n", "a\r\n"), ("a", "a"), (".\n..\n", ".\r\n..\r\n"), ("a\n.", "a\r\n."),
      ("a\r\nb\r", "a\r\nb\r"),
    ])
  func withoutEnd(stored: String, wire: String) {
    var encoder = WireEncoder(endsWithDot: false)
    var output: [UInt8] = []
    for byte in Array(stored.utf8) { encoder.encode([byte].span, into: &output) }
    encoder.finish(into: &output)
    #expect(text(output) == wire)
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
