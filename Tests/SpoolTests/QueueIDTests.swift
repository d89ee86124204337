import Testing

@testable import Spool

@Suite struct QueueIDTests {
  @Test(
    "An identifier is read as it was written",
    arguments: [
      (0, 0, "0.000000"), (1_763_706_000, 1, "1763706000.000001"),
      (1_763_706_000, 1 << 30 - 1, "1763706000.zzzzzz"), (UInt32.max, 32, "4294967295.000010"),
    ] as [(UInt32, UInt32, String)])
  func roundTrip(seconds: UInt32, unique: UInt32, text: String) throws {
    let id = QueueID(seconds: seconds, unique: unique)
    #expect(id.description == text)
    #expect(QueueID(text) == id)
  }

  @Test(
    "What is not an identifier is refused",
    arguments: [
      "", ".", "1.", ".000000", "1.00000", "1.0000000", "1.00000i", "1.00000O", "x.000000",
      "-1.000000", "+1.000000", " 1.000000", "1.000000 ", "4294967296.000000",
      "11763706000.000000", "1,000000", "1.00000\0", "1.00000\n", "1.00000ö",
    ])
  func refused(text: String) { #expect(QueueID(text) == nil) }

  @Test("Messages of the same microsecond have different identifiers, in order")
  func order() {
    let ids = (UInt32(1)...100).map { QueueID(microseconds: 1_763_706_000_123_456, counter: $0) }
    #expect(Set(ids).count == 100)
    #expect(ids == ids.sorted())
    #expect(ids.allSatisfy { $0 < QueueID(microseconds: 1_763_706_000_123_457, counter: 0) })
  }
}

@Suite struct MessageFileNameTests {
  let name = MessageFileName(
    id: QueueID(seconds: 1_763_706_000, unique: 1), bytes: 1234, wireBytes: 1260)

  @Test("A name says the identifier, the size stored and the size on the wire")
  func format() {
    #expect(name.description == "1763706000.000001.gatepost,S=1234,W=1260")
  }

  @Test(
    "A name is found again whatever flags a mail reader has added",
    arguments: ["", ":2,", ":2,S", ":2,RST", ":1,x", ":"])
  func flags(flags: String) { #expect(MessageFileName("\(name)\(flags)") == name) }

  @Test(
    "A name that Gatepost has not made is refused",
    arguments: [
      "", "x", "1763706000.M1P2.host,S=1,W=1", "1763706000.000001.gatepost",
      "1763706000.000001.gatepost,S=1", "1763706000.000001.gatepost,W=1,S=1",
      "1763706000.000001.gatepost,S=,W=1", "1763706000.000001.gatepost,S=1,W=4294967296",
      "1763706000.000001.gatepost,S=-1,W=1", "1763706000.000001.gatepost,S=1,W=1,X=2",
      "1763706000.000001.gatepost,S=1,W=1 ", "1763706000.000001.other,S=1,W=1",
      "1763706000.000001gatepost,S=1,W=1", ",S=1,W=1", ":2,S",
    ])
  func refused(text: String) { #expect(MessageFileName(text) == nil) }
}
