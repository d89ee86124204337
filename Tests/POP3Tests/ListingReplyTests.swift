import Testing

@testable import POP3

struct ListingReplyTests {
  static func pieces(_ reply: ListingReply, limit: Int) -> [[UInt8]] {
    var reply = reply
    var pieces: [[UInt8]] = []
    while !reply.isAtEnd {
      var piece: [UInt8] = []
      reply.appendLines(to: &piece, upTo: limit)
      pieces.append(piece)
    }
    return pieces
  }

  static let thousand = Maildrop(
    .made(of: (0..<1000).map { (String(repeating: "u", count: 66) + String($0 + 1000), $0) }))

  @Test(arguments: [1, 7, 100, 4096, 1_000_000])
  func `The pieces are bounded, and together they are the reply`(limit: Int) {
    let pieces = Self.pieces(ListingReply(.uniqueIDs, of: Self.thousand), limit: limit)
    #expect(pieces.allSatisfy { $0.count < limit + 100 })
    let lines = String(decoding: pieces.joined(), as: UTF8.self).split(separator: "\r\n")
    #expect(lines.count == 1002)
    #expect(lines.first == "+OK 1000 messages (499500 octets)")
    #expect(lines[1000] == "1000 \(String(repeating: "u", count: 66))1999")
    #expect(lines.last == ".")
  }

  @Test func `Sizes are written in full, zero too`() {
    let sizes = Maildrop(.made(of: [("a", 0), ("b", 10), ("c", 9_007_199_254_740_993)]))
    let text = Self.pieces(ListingReply(.sizes, of: sizes), limit: 1000).joined()
    #expect(
      String(decoding: text, as: UTF8.self)
        == "+OK 3 messages (9007199254741003 octets)\r\n1 0\r\n2 10\r\n3 9007199254740993\r\n.\r\n")
  }

  @Test func `Marked messages are left out and the numbers stay`() {
    var maildrop = Self.thousand
    for index in 0..<1000 where index % 2 == 0 { maildrop.delete(index) }
    let text = Self.pieces(ListingReply(.sizes, of: maildrop), limit: 500).joined()
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\r\n")
    #expect(lines.count == 502)
    #expect(lines[1] == "2 1")
    #expect(lines[500] == "1000 999")
  }
}
