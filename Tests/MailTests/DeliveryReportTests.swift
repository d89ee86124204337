import Testing

@testable import Mail

@Suite("Delivery report")
struct DeliveryReportTests {
  static func report(_ recipients: [DeliveryReport.Recipient]) throws -> DeliveryReport {
    DeliveryReport(
      host: try #require(Domain("gw.home.example")),
      postmaster: try #require(Mailbox("postmaster@home.example")),
      sender: try #require(Mailbox("alice@home.example")), identifier: "17.R4",
      date: DateTime(unixSeconds: 1_000_086_400), arrival: DateTime(unixSeconds: 1_000_000_000),
      recipients: recipients)
  }

  static func recipient(
    _ path: String, reason: String, remoteHost: String? = nil
  ) throws -> DeliveryReport.Recipient {
    DeliveryReport.Recipient(
      path: try #require(ForwardPath(path)), status: EnhancedStatus(5, 1, 1), reason: reason,
      remoteHost: remoteHost,
      lastAttempt: remoteHost == nil ? nil : DateTime(unixSeconds: 1_000_000_060))
  }

  static func written(_ report: DeliveryReport, original: String) -> String {
    var output: [UInt8] = []
    report.write(original: Array(original.utf8).span, to: &output)
    return text(output)
  }

  static let expected = """
    From: Mail Delivery System <postmaster@home.example>
    To: <alice@home.example>
    Subject: Your message could not be delivered
    Date: Mon, 10 Sep 2001 01:46:40 +0000
    Message-ID: <17.R4@gw.home.example>
    Auto-Submitted: auto-replied
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="=_17.R4"
    Content-Transfer-Encoding: 7bit

    This is a delivery report in MIME format.

    --=_17.R4
    Content-Type: text/plain; charset=us-ascii

    This is the mail system at gw.home.example.

    Your message of Sun, 9 Sep 2001 01:46:40 +0000
    could not be delivered to:

      <x@far.example>
        mx.far.example said:
        550 5.1.1 No such user

      <y@gone.example>
        The domain does not exist

    It will not be tried again for the recipients above. Check the addresses, and
    send the message again if it is still of use. If you need help, forward this
    report to postmaster@home.example.

    The header of your message follows.

    --=_17.R4
    Content-Type: message/delivery-status

    Reporting-MTA: dns; gw.home.example
    Arrival-Date: Sun, 9 Sep 2001 01:46:40 +0000

    Final-Recipient: rfc822; x@far.example
    Action: failed
    Status: 5.1.1
    Remote-MTA: dns; mx.far.example
    Diagnostic-Code: smtp; 550 5.1.1 No such user
    Last-Attempt-Date: Sun, 9 Sep 2001 01:47:40 +0000

    Final-Recipient: rfc822; y@gone.example
    Action: failed
    Status: 5.1.1
    Diagnostic-Code: X-Gatepost; The domain does not exist

    --=_17.R4
    Content-Type: text/rfc822-headers
    Content-Transfer-Encoding: 7bit

    From: alice@home.example
    Subject: two
     lines

    --=_17.R4--

    """

  @Test("A report tells people and programs who was not reached and why")
  func writes() throws {
    let report = try Self.report([
      Self.recipient(
        "<x@far.example>", reason: "550 5.1.1 No such user", remoteHost: "mx.far.example"),
      Self.recipient("<y@gone.example>", reason: "The domain does not exist"),
    ])
    let original = "From: alice@home.example\nSubject: two\n lines\n\nSecret body\n"
    #expect(Self.written(report, original: original) == Self.expected)
  }

  @Test("No reply of a remote host can add a line to a report")
  func resistsInjection() throws {
    let hostile = "550 x\r\n\r\n--=_17.R4\nStatus: 2.0.0\u{0}\u{1B}"
    let report = try Self.report([
      Self.recipient("<x@far.example>", reason: hostile, remoteHost: "a\nb")
    ])
    let harmless = try Self.report([
      Self.recipient("<x@far.example>", reason: "550 x", remoteHost: "ab")
    ])
    let lines = Self.written(report, original: "").utf8.count { $0 == .lineFeed }
    #expect(lines == Self.written(harmless, original: "").utf8.count { $0 == .lineFeed })
  }

  @Test("A long reason keeps its line within what RFC 5322 allows")
  func boundsLines() throws {
    let reason = String(repeating: "no ", count: 5000)
    let report = try Self.report([
      Self.recipient("<x@far.example>", reason: reason, remoteHost: "mx.far.example")
    ])
    let written = Self.written(report, original: "a: b\n\n")
    #expect(written.split(separator: "\n").allSatisfy { $0.utf8.count <= 998 })
  }

  @Test("The boundary is no longer than RFC 2046 allows")
  func boundsBoundary() throws {
    var report = try Self.report([Self.recipient("<x@far.example>", reason: "x")])
    report.identifier = String(repeating: "a", count: 200)
    let line = "\n--=_" + String(repeating: "a", count: 68) + "\n"
    #expect(Self.written(report, original: "").components(of: line) == 3)
  }

  @Test("The quoted header is bounded and ends with a whole line")
  func boundsHeader() throws {
    let report = try Self.report([Self.recipient("<postmaster>", reason: "x")])
    let line = "X-Filler: " + String(repeating: "y", count: 89) + "\n"
    let written = Self.written(report, original: String(repeating: line, count: 1000))
    let count = written.split(separator: "\n").count { $0.hasPrefix("X-Filler: ") }
    #expect(count == Limits.quotedHeaderBytes / 100)
    #expect(written.hasSuffix("y\n\n--=_17.R4--\n"))
    #expect(written.contains("Final-Recipient: rfc822; postmaster@home.example\n"))
  }

  @Test("A header beyond ASCII is declared, and one of a foreign file is cleaned")
  func declaresEightBit() throws {
    let report = try Self.report([Self.recipient("<x@far.example>", reason: "x")])
    let written = Self.written(report, original: "Subject: caf\u{E9}\0\r\nA: b\r\n\r\nbody\r\n")
    #expect(written.components(of: "Content-Transfer-Encoding: 8bit\n") == 2)
    #expect(written.contains("\n\nSubject: caf\u{E9}\nA: b\n\n--"))
    #expect(!written.contains("body"))
  }

  @Test("A message without a header is quoted as nothing")
  func quotesNothing() throws {
    let report = try Self.report([Self.recipient("<x@far.example>", reason: "x")])
    let written = Self.written(report, original: "just text\n\nmore\n")
    #expect(!written.contains("just text"))
    #expect(!written.contains("more\n"))
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { split(separator: part).count - 1 }
}
