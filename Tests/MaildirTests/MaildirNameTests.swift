import Testing

@testable import Maildir

struct MaildirNameTests {
  static func parse(_ name: String) -> MaildirName { MaildirName(Array(name.utf8).span) }

  @Test(
    arguments: [
      ("1763706000.k3v9q0.gatepost,S=1234,W=1260", 1_763_706_000, 1260),
      ("1763706000.k3v9q0.gatepost,S=1234,W=1260:2,RS", 1_763_706_000, 1260),
      ("1204680122.27c448beb84e.host,W=5:2,", 1_204_680_122, 5),
      ("1204680122.27c448.host,U=12,FMD5=7e33,W=51,S=50:2,S", 1_204_680_122, 51),
      ("1204680122.V801.host,S=50:2,", 1_204_680_122, nil),
      ("1204680122.V801.host", 1_204_680_122, nil),
      ("1204680122.V801.host:2,W=7", 1_204_680_122, nil),
      ("1204680122.V801.host,W=7x", 1_204_680_122, nil),
      ("1204680122.V801.host,W=", 1_204_680_122, nil),
      ("1204680122.V801.host,W", 1_204_680_122, nil),
      ("1204680122.V801.host,W=-7", 1_204_680_122, nil),
      ("1204680122.V801.host,W=99999999999999", 1_204_680_122, nil),
      ("1204680122.V801.host,W=9999999999999", 1_204_680_122, 9_999_999_999_999),
      ("1204680122.V801.host,XW=7", 1_204_680_122, nil),
      ("1204680122.V801.W=7", 1_204_680_122, nil),
      ("msg,W=12", 0, 12), ("12345678901234567890.a", 0, nil), ("", 0, nil),
    ] as [(String, UInt64, Int?)])
  func `Time and wire size are read, whoever gave the name`(
    name: String, seconds: UInt64, wireBytes: Int?
  ) {
    #expect(Self.parse(name).sortKey >> 28 == seconds)
    #expect(Self.parse(name).wireBytes == wireBytes)
  }

  @Test(
    arguments: [
      ("1.a.host,S=1,W=2:2,S", "1.a.host", "1.a.host,S=1,W=2"),
      ("1.a.host:2,S", "1.a.host", "1.a.host"), ("1.a.host", "1.a.host", "1.a.host"),
      ("1.a.host,S=1", "1.a.host", "1.a.host,S=1"), (":2,", "", ""), (",S=1", "", ",S=1"),
      ("1.a:2,:3,", "1.a", "1.a"), ("1.a:2,W=3", "1.a", "1.a"),
    ])
  func `The parts that stay end at the first comma and at the first colon`(
    name: String, unique: String, base: String
  ) {
    #expect(Self.parse(name).uniqueLength == unique.utf8.count)
    #expect(Self.parse(name).baseLength == base.utf8.count)
  }

  @Test func `No name breaks the reader, and the parts are in their order`() {
    var state: UInt64 = 1939
    let alphabet = Array("0123456789.,:=SWa\u{FF}".utf8)
    for _ in 0..<20_000 {
      var name: [UInt8] = []
      for _ in 0..<(state >> 40) % 24 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        name.append(alphabet[Int((state >> 33) % UInt64(alphabet.count))])
      }
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let parsed = MaildirName(name.span)
      #expect(parsed.uniqueLength <= parsed.baseLength && parsed.baseLength <= name.count)
      #expect(parsed.wireBytes ?? 0 >= 0)
    }
  }
}
