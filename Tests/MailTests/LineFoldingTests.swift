import Testing

@testable import Mail

@Suite("Long lines") struct LineFoldingTests {
  /// What becomes of `stored` in pieces of that size, and the folds that were counted.
  static func folded(_ stored: [UInt8], pieceBytes: Int = .max) -> (bytes: [UInt8], count: Int) {
    var folding = LineFolding()
    var counting = LineFolding()
    var output: [UInt8] = []
    var count = 0
    var rest = stored[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(pieceBytes))
      folding.process(piece.span, into: &output)
      count += counting.count(in: piece.span)
      rest = rest.dropFirst(pieceBytes)
    }
    return (output, count)
  }

  static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    bytes.split(separator: .lineFeed, omittingEmptySubsequences: false)
  }

  @Test(
    "A line of the greatest length passes, and one octet more makes a line of its own",
    arguments: [
      (0, []), (1, [1]), (997, [997]), (998, [998]), (999, [998, 2]), (1000, [998, 3]),
      (998 + 997, [998, 998]), (998 + 998, [998, 998, 2]),
      (998 + 997 * 9, [998] + [Int](repeating: 998, count: 9)),
    ] as [(Int, [Int])])
  func lengths(count: Int, expected: [Int]) {
    for end in ["", "\n"] {
      let line = [UInt8](repeating: UInt8(ascii: "x"), count: count)
      for before in ["", "\n", "a\n", String(repeating: "y", count: 998) + "\n"] {
        let stored = Array(before.utf8) + line + Array(end.utf8)
        for size in [1, 2, 3, 7, 997, 998, 999, 1000, Int.max] {
          let (bytes, folds) = Self.folded(stored, pieceBytes: size)
          let part = Self.lines(Array(bytes.dropFirst(before.utf8.count)))
          #expect(part.filter { !$0.isEmpty }.map(\.count) == expected)
          #expect(part.dropFirst().allSatisfy { $0.isEmpty || $0.first == .space })
          #expect(folds == max(expected.count - 1, 0))
          #expect(bytes.count == stored.count + 2 * folds)
        }
      }
    }
  }

  @Test("A character of UTF-8 is not cut", arguments: ["\u{E9}", "\u{20AC}", "\u{1F4E0}"])
  func characters(character: String) {
    for shift in 0..<8 {
      let text = String(repeating: "x", count: shift) + String(repeating: character, count: 2000)
      let whole = Self.folded(Array(text.utf8)).bytes
      for line in Self.lines(whole) {
        #expect(line.count <= 998)
        #expect(String(validating: line, as: UTF8.self) != nil)
      }
      let parts = Self.lines(whole)
      let unfolded = parts[0] + parts.dropFirst().flatMap { $0.dropFirst() }
      #expect(unfolded.elementsEqual(text.utf8))
      #expect(Self.folded(Array(text.utf8), pieceBytes: 1).bytes == whole)
    }
  }

  @Test("Any octets are folded alike at any cut, and none is lost", arguments: 0..<40)
  func random(seed: UInt64) {
    var random = FixedRandom(seed: seed)
    let alphabet: [UInt8] = Array("ab .".utf8) + [0xC3, 0xE2, 0xF0, 0x80, 0xFF]
    var stored: [UInt8] = []
    for _ in 0..<6 {
      stored += random.content(count: .random(in: 900...3100, using: &random), alphabet: alphabet)
      stored.append(.lineFeed)
    }
    let (bytes, folds) = Self.folded(stored)
    #expect(Self.lines(bytes).allSatisfy { $0.count <= 998 })
    #expect(bytes.count == stored.count + 2 * folds)
    for size in [1, 2, 5, 64, 1000] {
      let cut = Self.folded(stored, pieceBytes: size)
      #expect(cut.bytes == bytes && cut.count == folds)
    }
  }

  @Test(
    "A message that is signed stays as it is",
    arguments: [
      ("DKIM-Signature: v=1\n", true), ("dkim-signature : v=1\n", true), ("X: y\n", false),
      ("X: DKIM-Signature: v=1\n", false), ("\nDKIM-Signature: v=1\n", false),
      ("no field\nDKIM-Signature: v=1\n", true),
      ("X: y\nno field\nDKIM-Signature: v=1\n", true),
    ])
  func signed(header: String, isSigned: Bool) {
    let content = Array((header + "X: \(String(repeating: "x", count: 2000))\n\n").utf8)
    for size in [1, 10, content.count] {
      var scan = LongLineScan()
      var rest = content[...]
      while !rest.isEmpty {
        scan.scan(Array(rest.prefix(size)).span)
        rest = rest.dropFirst(size)
      }
      #expect(scan.result == (isSigned ? nil : 2))
    }
  }
}
