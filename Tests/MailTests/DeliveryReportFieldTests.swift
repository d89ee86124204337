import Testing

@testable import Mail

@Suite("Delivery report: what it says of whom")
struct DeliveryReportFieldTests {
  private func report(
    _ action: DeliveryReport.Action = .failed, path: String = "<x@far.example>",
    original: String? = nil, status: EnhancedStatus = EnhancedStatus(5, 1, 1)
  ) throws -> DeliveryReport {
    var recipient = DeliveryReport.Recipient(
      path: try #require(ForwardPath(path)), status: status, reason: "text")
    if let original {
      recipient.original = try #require(OriginalRecipient(ArraySlice(original.utf8)))
    }
    var report = try DeliveryReportTests.report([recipient])
    report.action = action
    return report
  }

  @Test(
    "Each action has its own subject, sentence and field",
    arguments: [
      (DeliveryReport.Action.failed, "could not be delivered", "could not be delivered to:"),
      (.delayed, "is delayed", "could not be delivered yet to:"),
      (.relayed, "was handed on", "was handed on, to a server that makes no reports, for:"),
      (.delivered, "was delivered", "was delivered to:"),
    ])
  func actions(action: DeliveryReport.Action, subject: String, sentence: String) throws {
    let text = DeliveryReportTests.written(try report(action), original: "a: b\n\n")
    #expect(text.contains("\nSubject: Your message \(subject)\n"))
    #expect(text.contains("\n\(sentence)\n"))
    #expect(text.contains("\nAction: \(action.rawValue)\n"))
    #expect(text.contains("will not be tried again") == (action == .failed))
  }

  @Test("Only a delay says until when the message is tried")
  func retryEnd() throws {
    for action in [DeliveryReport.Action.failed, .delayed] {
      var report = try report(action)
      report.retryEnd = DateTime(unixSeconds: 1_000_432_000)
      let text = DeliveryReportTests.written(report, original: "")
      let field = "\nWill-Retry-Until: Fri, 14 Sep 2001 01:46:40 +0000\n"
      #expect(text.contains(field) == (action == .delayed))
    }
  }

  @Test(
    "What the sender called the recipient and the message stands there decoded, in one line",
    arguments: [
      ("rfc822;Ann+2Btag@far.example", "rfc822; Ann+tag@far.example"),
      ("rfc822;a+3Db", "rfc822; a=b"),
      ("x-phone;+2B49+20441", "x-phone; +49 441"),
      ("rfc822;a+0D+0AAction:+20delivered", "rfc822; a\\x0d\\x0aAction: delivered"),
      ("rfc822;a+00+1B+C3+B6", "rfc822; a\\x00\\x1b\\xc3\\xb6"),
      ("utf-8;\\x{F6}l@far.example", "utf-8; \\x{F6}l@far.example"),
    ])
  func original(value: String, field: String) throws {
    var report = try report(original: value)
    report.envelopeIdentifier = "QQ+3D1+0Ax"
    let text = DeliveryReportTests.written(report, original: "")
    #expect(
      text.contains("\nOriginal-Recipient: \(field)\nFinal-Recipient: rfc822; x@far.example\n"))
    #expect(text.contains("\nOriginal-Envelope-Id: QQ=1\\x0ax\nReporting-MTA: "))
  }

  @Test("Without a request there is neither field")
  func noOriginal() throws {
    let text = DeliveryReportTests.written(try report(), original: "")
    #expect(!text.contains("Original-"))
  }

  @Test(
    "The whole message is enclosed as it is, under the type it has",
    arguments: [(false, "message/rfc822"), (true, "message/global")])
  func whole(isInternationalized: Bool, type: String) throws {
    var report = try report()
    report.isInternationalized = isInternationalized
    var output: [UInt8] = []
    report.writeBeginning(to: &output)
    output += "Subject: x\n\n--=_17\nbody without an end".utf8
    report.writeEnd(to: &output)
    let text = MailTests.text(output)
    #expect(
      text.hasSuffix(
        "\nContent-Type: \(type)\nContent-Transfer-Encoding: 8bit\n\n"
          + "Subject: x\n\n--=_17\nbody without an end\n--=_17.R4--\n"))
    #expect(text.contains("\nContent-Transfer-Encoding: 8bit\n\nThis is a delivery report"))
    #expect(text.contains("\nYour message follows.\n"))
  }

  @Test("The header of an international message has the type for it")
  func internationalHeader() throws {
    var report = try report()
    report.isInternationalized = true
    let text = DeliveryReportTests.written(report, original: "Subject: \u{E9}\n\nbody\n")
    #expect(
      text.contains("\nContent-Type: message/global-headers\nContent-Transfer-Encoding: 8bit\n"))
  }

  @Test(
    "A sender is told what NOTIFY asks for, and without it of failures and delays",
    arguments: [
      (nil, "failed delayed"), ("NEVER", ""), ("FAILURE", "failed"), ("DELAY", "delayed"),
      ("SUCCESS", "relayed delivered"),
      ("SUCCESS,FAILURE,DELAY", "failed delayed relayed delivered"),
    ])
  func wanted(notify: String?, actions: String) throws {
    var request = NotificationRequest()
    if let notify {
      request.events = try #require(.init(parsing: ArraySlice(notify.utf8)))
    }
    let all = [DeliveryReport.Action.failed, .delayed, .relayed, .delivered]
    #expect(all.filter(request.wants).map(\.rawValue).joined(separator: " ") == actions)
  }

  @Test(
    "Xtext is undone byte by byte",
    arguments: [("", ""), ("abc", "abc"), ("a+2Bb+3D", "a+b="), ("+41+42", "AB")])
  func xtext(encoded: String, decoded: String) {
    #expect(XText.decode(encoded) == Array(decoded.utf8))
  }
}
