import Platform
import Testing

@testable import Spool

@Suite struct QueueEnvelopeTests {
  private func header(
    from: String = "me@home.example", to recipients: [String] = ["ann@far.example"],
    is8Bit: Bool = false, origin: String = "192.168.1.7"
  ) -> [UInt8] {
    QueueEnvelope.header(
      SubmittedEnvelope(
        reversePath: from, recipients: recipients.map { .init($0) }, is8Bit: is8Bit,
        origin: origin),
      arrived: 1_763_706_000)
  }

  @Test("An envelope is read as it was written")
  func roundTrip() throws {
    let recipients = ["ann@far.example", "\"a b\"@far.example", "bob@[192.0.2.1]", "x@[IPv6:::1]"]
    for from in ["", "me@home.example"] {
      for is8Bit in [false, true] {
        let written = header(from: from, to: recipients, is8Bit: is8Bit)
        let envelope = try #require(QueueEnvelope(parsing: written + Array("Received: x\n".utf8)))
        #expect(envelope.reversePath == from)
        #expect(envelope.recipients.map(\.address) == recipients)
        #expect(envelope.recipients.allSatisfy { $0.state == .toDo })
        #expect(envelope.arrived == 1_763_706_000)
        #expect(envelope.is8Bit == is8Bit)
        #expect(envelope.client == IPAddress("192.168.1.7"))
        #expect(envelope.status == "not tried yet")
        #expect(envelope.contentOffset == written.count)
        #expect(envelope.isUnfinished)
      }
    }
  }

  @Test("Each offset is where its recipient's state is")
  func offsets() throws {
    let written = header(to: ["a@x", "b@y", "c@z"])
    let envelope = try #require(QueueEnvelope(parsing: written + [0x0A]))
    for recipient in envelope.recipients {
      #expect(written[recipient.offset] == QueueEnvelope.State.toDo.rawValue)
      #expect(
        String(decoding: written[(recipient.offset + 2)...], as: UTF8.self)
          .hasPrefix("<\(recipient.address)>"))
    }
  }

  @Test(
    "No value can begin a new line or stop the envelope from being read",
    arguments: [
      "a\nGatepost-To: - <evil@x>", "a\r\nX: y", "a\rb", "a\0b", "a\u{7F}b", "a\u{1B}[2J",
      "\u{338}a", "a\u{301}", "ö@x", "a>", "<a", "> <", "a\u{2028}b", "\u{85}",
      String(repeating: "x", count: 5000),
    ])
  func hostileValues(value: String) throws {
    let written = header(from: value, to: [value, value], origin: value)
    #expect(written.count { $0 == 0x0A } == 7)
    #expect(!written.contains { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F })
    let envelope = try #require(QueueEnvelope(parsing: written + [0x0A]))
    #expect(envelope.recipients.count == 2)
    #expect(envelope.recipients.allSatisfy { $0.address == envelope.reversePath })
  }

  @Test(
    "A status is one line of fixed length, whatever a remote server says",
    arguments: [
      "", "451 later", "451 a\r\nGatepost-To: + <x>", String(repeating: "x", count: 199),
      String(repeating: "x", count: 201), String(repeating: "ö", count: 150),
      String(repeating: "x", count: 199) + "ö", "tail   ",
    ])
  func status(text: String) throws {
    let status = QueueEnvelope.status(text)
    #expect(status.count == QueueEnvelope.statusBytes)
    #expect(!status.contains { $0 < 0x20 })
    #expect(String(validating: status, as: UTF8.self) != nil)
  }

  @Test("A piece of an envelope is not taken for a whole one")
  func everyPrefix() {
    let whole = header(to: ["a@x", "b@y"], is8Bit: true) + Array("Received: x\n".utf8)
    let contentOffset = whole.count - "Received: x\n".utf8.count
    for count in 0...contentOffset {
      #expect(QueueEnvelope(parsing: Array(whole[..<count])) == nil, "\(count) bytes")
    }
    #expect(QueueEnvelope(parsing: Array(whole[...contentOffset])) != nil)
  }

  @Test(
    "An envelope that lacks a field or has a broken one is refused",
    arguments: [
      "", "\n", "Subject: x\n\nx\n", "Gatepost-", "Gatepost-:\nx", "Gatepost-Arrived\nx",
      "Gatepost-From: <a>\nGatepost-To: - <b>\nGatepost-Status: \nx",
      "Gatepost-Arrived: 1\nGatepost-To: - <b>\nGatepost-Status: \nx",
      "Gatepost-Arrived: 1\nGatepost-From: <a>\nGatepost-Status: \nx",
      "Gatepost-Arrived: 1\nGatepost-From: <a>\nGatepost-To: - <b>\nx",
      "Gatepost-Arrived: 1\nGatepost-From: a\nGatepost-To: - <b>\nGatepost-Status: \nx",
      "Gatepost-Arrived: 1\nGatepost-From: <a>\nGatepost-To: ? <b>\nGatepost-Status: \nx",
      "Gatepost-Arrived: 1\nGatepost-From: <a>\nGatepost-To: -\nGatepost-Status: \nx",
      "Gatepost-Arrived: 1\nGatepost-From: <a>\nGatepost-To:\nGatepost-Status: \nx",
      "Gatepost-Arrived: z\nGatepost-From: <a>\nGatepost-To: - <b>\nGatepost-Status: \nx",
      "Gatepost-Arrived: 1\nGatepost-From: <\nGatepost-To: - <b>\nGatepost-Status: \nx",
    ])
  func damaged(text: String) { #expect(QueueEnvelope(parsing: Array(text.utf8)) == nil) }

  @Test("Fields of a later version are passed over")
  func later() throws {
    let text =
      "Gatepost-New: 1\nGatepost-Arrived: 1\nGatepost-From: <>\n"
      + "Gatepost-To: + <b>\nGatepost-To: ! <c>\nGatepost-Status: x  \nx"
    let envelope = try #require(QueueEnvelope(parsing: Array(text.utf8)))
    #expect(envelope.recipients.map(\.state) == [.delivered, .failed])
    #expect(envelope.status == "x")
    #expect(!envelope.isUnfinished)
  }

  @Test(
    "An envelope that has room can be read again, and one recipient more has none",
    arguments: [6, 60, 520])
  func room(addressBytes: Int) throws {
    let address = String(repeating: "a", count: addressBytes - 5) + "@b.de"
    var count = 1
    let bytes = QueueEnvelope.bytes(of: .init(address))
    while QueueEnvelope.hasRoom(forRecipientBytes: (count + 1) * bytes) { count += 1 }
    let written = header(
      from: String(repeating: "s", count: 512), to: Array(repeating: address, count: count))
    #expect(written.count <= QueueEnvelope.limitBytes)
    #expect(count >= 900)
    let envelope = try #require(QueueEnvelope(parsing: written + Array("Received: x\n".utf8)))
    #expect(envelope.recipients.count == count)
  }

  @Test("Fields inside the message are not the envelope's")
  func contentFields() throws {
    let content = Array("Received: x\nGatepost-To: - <evil@x>\n\n".utf8)
    let envelope = try #require(QueueEnvelope(parsing: header() + content))
    #expect(envelope.recipients.map(\.address) == ["ann@far.example"])
  }
}
