import Mail
import Testing

@testable import Spool

/// What DSN, SMTPUTF8 and REQUIRETLS leave in the file.
@Suite struct QueueEnvelopeRequestTests {
  private func recipient(
    _ address: String, notify: String? = nil, orcpt: String? = nil
  ) throws -> SubmittedEnvelope.Recipient {
    SubmittedEnvelope.Recipient(
      address,
      notification: NotificationRequest(
        events: try notify.map { try #require(.init(parsing: ArraySlice($0.utf8))) },
        originalRecipient: try orcpt.map { try #require(OriginalRecipient(ArraySlice($0.utf8))) }))
  }

  private func parsed(_ envelope: SubmittedEnvelope) throws -> QueueEnvelope {
    let written = QueueEnvelope.header(envelope, arrived: 1)
    return try #require(QueueEnvelope(parsing: written + Array("Received: x\n".utf8)))
  }

  @Test("The file says in words what the sender has asked for")
  func words() throws {
    let envelope = SubmittedEnvelope(
      reversePath: "me@home.example",
      recipients: [
        try recipient("ann@far.example"),
        try recipient("bob@far.example", notify: "DELAY,FAILURE", orcpt: "rfc822;Bob@far.example"),
        try recipient("cat@far.example", notify: "NEVER"),
      ],
      is8Bit: true, isInternationalized: true, requiresTLS: true,
      report: ReportRequest(returned: .headers, envelopeIdentifier: "QQ314+3D"), origin: "x")
    let text = String(decoding: QueueEnvelope.header(envelope, arrived: 7), as: UTF8.self)
    #expect(
      text.hasPrefix(
        """
        Gatepost-Arrived: 7
        Gatepost-Origin: x
        Gatepost-From: <me@home.example>
        Gatepost-Body: 8BITMIME
        Gatepost-SMTPUTF8: yes
        Gatepost-REQUIRETLS: yes
        Gatepost-RET: HDRS
        Gatepost-ENVID: QQ314+3D
        Gatepost-To: - <ann@far.example>
        Gatepost-To: - <bob@far.example> notify=FAILURE,DELAY orcpt=rfc822;Bob@far.example
        Gatepost-To: - <cat@far.example> notify=NEVER
        Gatepost-Delay-Report: -
        Gatepost-Status: not tried yet
        """))
  }

  @Test("Every request is read as it was written")
  func roundTrip() throws {
    let addresses = ["ann@far.example", "\"a> notify=NEVER\"@x.example", "öl@x.example", "a>b"]
    for address in addresses {
      for notify in [nil, "NEVER", "SUCCESS", "FAILURE,DELAY"] {
        for orcpt in [nil, "rfc822;x", "rfc822;\"<notify\"@x", "rfc822;a+2Bb+20c"] {
          let envelope = SubmittedEnvelope(
            reversePath: "ö@home.example",
            recipients: [try recipient(address, notify: notify, orcpt: orcpt)], origin: "x")
          let parsed = try parsed(envelope)
          #expect(parsed.reversePath == envelope.reversePath)
          #expect(parsed.recipients.map(\.address) == [address])
          #expect(parsed.recipients.map(\.notification) == envelope.recipients.map(\.notification))
        }
      }
    }
  }

  @Test(
    "No original recipient can move the end of the address", arguments: ["a>", "x> <b@c", ">>"])
  func angleBrackets(address: String) throws {
    let value = "rfc822;" + address.replacing(" ", with: "+20")
    let envelope = SubmittedEnvelope(
      reversePath: "", recipients: [try recipient("ann@far.example", orcpt: value)], origin: "")
    let recipient = try #require(parsed(envelope).recipients.first)
    #expect(recipient.address == "ann@far.example")
    let original = try #require(recipient.notification.originalRecipient?.text)
    #expect(original == value.replacing(">", with: "+3E"))
  }

  @Test(
    "Flags and the requests for the whole are read as they were written",
    arguments: [
      ReportRequest(), ReportRequest(returned: .full), ReportRequest(envelopeIdentifier: "a+20b"),
    ])
  func flags(report: ReportRequest) throws {
    for isInternationalized in [false, true] {
      for requiresTLS in [false, true] {
        let parsed = try parsed(
          SubmittedEnvelope(
            reversePath: "a@b.example", recipients: [.init("c@d.example")],
            isInternationalized: isInternationalized, requiresTLS: requiresTLS, report: report,
            origin: ""))
        #expect(parsed.isInternationalized == isInternationalized)
        #expect(parsed.requiresTLS == requiresTLS)
        #expect(parsed.report == report)
      }
    }
  }

  @Test("A file of version 0.1.0 is read, and nobody is told of its delay")
  func formerVersion() throws {
    let text =
      "Gatepost-Arrived: 1\nGatepost-Origin: 192.168.1.7 network\nGatepost-From: <me@home.example>\n"
      + "Gatepost-Body: 8BITMIME\nGatepost-To: - <ann@far.example>\nGatepost-Status: x\nReceived: y\n"
    let envelope = try #require(QueueEnvelope(parsing: Array(text.utf8)))
    #expect(envelope.recipients.map(\.notification) == [NotificationRequest()])
    #expect(envelope.report == ReportRequest())
    #expect(!envelope.isInternationalized && !envelope.requiresTLS)
    #expect(envelope.isDelayReported == nil)
  }

  @Test(
    "A recipient whose requests are damaged makes the file a stranger's",
    arguments: [
      "<a@b> notify=", "<a@b> notify=SOMETIMES", "<a@b> notify=FAILURE,", "<a@b>notify=NEVER",
      "a@b> notify=NEVER", "a@b", "<a@b",
    ])
  func damaged(value: String) {
    let text =
      "Gatepost-Arrived: 1\nGatepost-From: <a>\nGatepost-To: - \(value)\nGatepost-Status: \nx"
    #expect(QueueEnvelope(parsing: Array(text.utf8)) == nil)
  }

  @Test("A request of a later version is passed over")
  func later() throws {
    let text =
      "Gatepost-Arrived: 1\nGatepost-From: <a>\nGatepost-To: - <a@b> by=9 notify=NEVER\n"
      + "Gatepost-Status: \nx"
    let envelope = try #require(QueueEnvelope(parsing: Array(text.utf8)))
    #expect(envelope.recipients.map(\.notification.events) == [[]])
  }

  @Test(
    "There is a place for the report of a delay where somebody may want one",
    arguments: [
      ("me@home.example", nil, true), ("me@home.example", "DELAY", true),
      ("me@home.example", "FAILURE", false), ("me@home.example", "NEVER", false), ("", nil, false),
    ])
  func delayReport(from: String, notify: String?, hasPlace: Bool) throws {
    let envelope = SubmittedEnvelope(
      reversePath: from, recipients: [try recipient("ann@far.example", notify: notify)], origin: "")
    #expect(try parsed(envelope).isDelayReported == (hasPlace ? false : nil))
  }

  @Test("A report of a delay that was made is found in the file")
  func delayReported() throws {
    let spool = try SpoolScratch()
    let message = try spool.queued()
    let open = try OpenMessage(message, in: spool.directories)
    #expect(open.envelope.isDelayReported == false)
    try open.markDelayReported()
    let again = try OpenMessage(message, in: spool.directories)
    #expect(again.envelope.isDelayReported == true)
    #expect(again.envelope.recipients == open.envelope.recipients)
    #expect(again.envelope.status == open.envelope.status)
  }

  @Test(
    "The file is UTF-8 without control characters", arguments: ["\u{80}", "\u{9B}2J", "\u{7F}"])
  func controls(character: String) throws {
    let envelope = SubmittedEnvelope(
      reversePath: "a\(character)", recipients: [.init("ö\(character)@x")],
      report: ReportRequest(envelopeIdentifier: character), origin: character)
    let text = String(decoding: QueueEnvelope.header(envelope, arrived: 1), as: UTF8.self)
    #expect(
      text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(text.contains("<ö?"))
  }

  @Test("The room of an envelope counts what the requests take")
  func room() throws {
    let plain = QueueEnvelope.bytes(of: try recipient("ann@far.example"))
    let asking = QueueEnvelope.bytes(
      of: try recipient("ann@far.example", notify: "FAILURE", orcpt: "rfc822;>"))
    #expect(asking == plain + " notify=FAILURE orcpt=rfc822;+3E".utf8.count)
  }
}
