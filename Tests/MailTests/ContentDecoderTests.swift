import Testing

@testable import Mail

@Suite("Content decoder")
struct ContentDecoderTests {
  @Test(
    "Content is stored with LF and without the dots",
    arguments: [
      (".\r\n", ""),
      ("a\r\n.\r\n", "a\n"),
      ("a\r\n\r\nb\r\n.\r\n", "a\n\nb\n"),
      ("..\r\n.\r\n", ".\n"),
      ("..a\r\n.b\r\n...\r\n.\r\n", ".a\nb\n..\n"),
      ("a.\r\n.\r\n", "a.\n"),
      ("\r\n.\r\n", "\n"),
      ("tab\there \u{1}\u{7F}\r\n.\r\n", "tab\there \u{1}\u{7F}\n"),
      ("caf\u{E9} \u{1F4EE}\r\n.\r\n", "caf\u{E9} \u{1F4EE}\n"),
    ])
  func stores(wire: String, stored: String) {
    let result = Decoded(Array(wire.utf8))
    #expect(text(result.stored) == stored)
    #expect(result.violation == nil)
    #expect(result.consumed == wire.utf8.count)
    #expect(result.lines == stored.utf8.count { $0 == .lineFeed })
    #expect(result.bytes == stored.utf8.count)
  }

  @Test("What follows the end is left for the next command")
  func leavesTheRest() {
    let result = Decoded(Array("hello\r\n.\r\nQUIT\r\n".utf8))
    #expect(result.consumed == 10)
    #expect(text(result.stored) == "hello\n")
  }

  @Test("The wire size counts CRLF and no stuffing")
  func countsWireBytes() {
    var decoder = ContentDecoder()
    var stored: [UInt8] = []
    _ = decoder.decode(Array("..ab\r\ncd\r\n.\r\n".utf8).span, into: &stored)
    #expect(decoder.wireBytes == ".ab\r\ncd\r\n".utf8.count)
  }

  /// Every way that has been used to end content where another server does not see an end.
  static let smuggling: [(wire: String, violation: ContentDecoder.Violation)] = [
    ("\n.\n", .bareLineFeed),
    ("\n.\r\n", .bareLineFeed),
    ("\r\n.\n", .bareLineFeed),
    ("\r.\r", .bareCarriageReturn),
    ("\r\n.\r", .bareCarriageReturn),
    ("\r.\r\n", .bareCarriageReturn),
    ("\r\r\n.\r\r\n", .bareCarriageReturn),
    ("\n\r.\r\n", .bareLineFeed),
    ("\r\n.\r\r\n", .bareCarriageReturn),
    ("\r\n\0.\r\n", .nul),
    ("\r\n.\0\r\n", .nul),
    ("\r\0\n.\r\n", .bareCarriageReturn),
    ("\r\n.\r\0\n", .bareCarriageReturn),
    ("\r\n\0", .nul),
    ("\n.\r", .bareLineFeed),
    ("\r.\n", .bareCarriageReturn),
  ]

  @Test(
    "Nothing but CRLF, dot, CRLF ends content, wherever the input is cut",
    arguments: smuggling.indices)
  func resistsSmuggling(index: Int) {
    let (sequence, violation) = Self.smuggling[index]
    let head = "Subject: x\r\n\r\nbody"
    let wire = Array((head + sequence + "MAIL FROM:<evil@example.org>\r\n.\r\nQUIT\r\n").utf8)
    let end = wire.count - "QUIT\r\n".utf8.count
    for first in 1..<wire.count {
      for second in [1, 2, wire.count] {
        var cuts = [first, second]
        let result = Decoded(wire) { cuts.isEmpty ? Int.max : cuts.removeFirst() }
        #expect(result.consumed == end)
        #expect(result.violation == violation)
      }
    }
  }

  @Test(
    "A repaired bare LF ends a line and never the content",
    arguments: [
      ("a\nb\r\n.\r\n", "a\nb\n"),
      ("a\n.\nb\r\n.\r\n", "a\n.\nb\n"),
      ("a\n.\r\nb\r\n.\r\n", "a\n.\nb\n"),
      ("a\r\n.\nb\r\n.\r\n", "a\n.\nb\n"),
      ("a\n..b\n.c\r\n.\r\n", "a\n.b\nc\n"),
      ("a\n\n.\n\n.\r\n\r\n.\r\n", "a\n\n.\n\n.\n\n"),
    ])
  func repairs(wire: String, stored: String) {
    for size in 1...wire.utf8.count {
      let result = Decoded(Array(wire.utf8), repairsBareLF: true) { size }
      #expect(text(result.stored) == stored)
      #expect(result.violation == nil)
      #expect(result.consumed == wire.utf8.count)
      #expect(result.lines == stored.utf8.count { $0 == .lineFeed })
    }
  }

  @Test("A repaired lone dot is sent on as content")
  func repairedDotIsStuffed() {
    let result = Decoded(Array("a\n.\nMAIL\r\n.\r\n".utf8), repairsBareLF: true)
    #expect(text(encoded(result.stored)) == "a\r\n..\r\nMAIL\r\n.\r\n")
  }

  @Test("Repairing does not extend to a bare CR or a NUL", arguments: ["a\rb", "a\r\r\n", "a\0"])
  func repairsOnlyLF(wire: String) {
    #expect(Decoded(Array((wire + "\r\n.\r\n").utf8), repairsBareLF: true).violation != nil)
  }

  @Test("A line may be as long as the limit and no longer", arguments: [0, 1])
  func limitsLines(excess: Int) {
    let line = [UInt8](repeating: 0x61, count: Limits.contentLineBytes - 1 + excess)
    let wire = Array("x\r\n".utf8) + line + Array("\r\n.\r\n".utf8)
    let result = Decoded(wire) { 8192 }
    #expect(result.consumed == wire.count)
    #expect(result.violation == (excess == 0 ? nil : .lineTooLong))
  }

  @Test("The result does not depend on the cuts", arguments: 0..<300)
  func cutsDoNotMatter(seed: UInt64) {
    var random = FixedRandom(seed: seed)
    let alphabet: [UInt8] = seed % 2 == 0 ? Array("\r\n.ab\0".utf8) : Array("\r\n\n.a".utf8)
    let wire = random.content(count: 60, alphabet: alphabet) + Array("\r\n.\r\n".utf8)
    for repairs in [false, true] {
      let whole = Decoded(wire, repairsBareLF: repairs)
      let cut = Decoded(wire, repairsBareLF: repairs) { Int.random(in: 1...7, using: &random) }
      #expect(cut.consumed == whole.consumed)
      #expect(cut.violation == whole.violation)
      if whole.violation == nil { #expect(cut == whole) }
      #expect(whole.consumed == Self.trueEnd(of: wire))
    }
  }

  /// The first place after CRLF, dot, CRLF, found in the plainest way.
  static func trueEnd(of wire: [UInt8]) -> Int? {
    let all = Array("\r\n".utf8) + wire
    let end = Array("\r\n.\r\n".utf8)
    for start in all.indices where all[start...].starts(with: end) {
      return start + end.count - 2
    }
    return nil
  }
}
