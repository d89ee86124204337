import Mail
import Testing

@testable import SMTP

@Suite("Client session: DSN, SMTPUTF8, REQUIRETLS")
struct ClientExtensionTests {
  private func envelope(
    from sender: String = "<a@a.example>", notify: String? = nil, orcpt: String? = nil,
    report: ReportRequest = ReportRequest(), needsUTF8: Bool = false, requiresTLS: Bool = false
  ) throws -> Envelope {
    let notification = NotificationRequest(
      events: try notify.map { try #require(.init(parsing: ArraySlice($0.utf8))) },
      originalRecipient: try orcpt.map { try #require(OriginalRecipient(ArraySlice($0.utf8))) })
    return Envelope(
      sender: try #require(ReversePath(sender)),
      recipients: [.init(try #require(ForwardPath("<r@b.example>")), notification: notification)],
      wireBytes: 100, report: report, needsUTF8: needsUTF8, requiresTLS: requiresTLS)
  }

  /// A session under TLS with these extensions.
  private func underTLS(_ extensions: String..., needsRequireTLS: Bool = false) throws -> ClientBed
  {
    var bed = try ClientBed(tls: .required, isTLSActive: true, needsRequireTLS: needsRequireTLS)
    bed.reply("220 a")
    for line in ["a"] + extensions.dropLast() { bed.reply("250-" + line) }
    #expect(bed.reply("250 " + (extensions.last ?? "")) == .ready)
    return bed
  }

  @Test(
    "What the sender wants to be told goes on to a server that makes reports, and to no other",
    arguments: [
      ("DSN", " RET=HDRS ENVID=Q+2B1", " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+3D"),
      ("PIPELINING", "", ""),
    ])
  func reports(keyword: String, mail: String, recipient: String) throws {
    var bed = try ClientBed.ready(keyword)
    let envelope = try envelope(
      notify: "DELAY,SUCCESS", orcpt: "rfc822;x+3D",
      report: ReportRequest(returned: .headers, envelopeIdentifier: "Q+2B1"))
    var sent = bed.deliver(envelope)
    if keyword == "DSN" {
      guard case .send(let bytes)? = bed.reply("250 ok") else { throw Unexpected() }
      sent += String(decoding: bytes, as: UTF8.self)
    }
    #expect(
      sent.hasPrefix(
        "MAIL FROM:<a@a.example>\(mail)\r\nRCPT TO:<r@b.example>\(recipient)\r\n"))
  }

  struct Unexpected: Error {}

  @Test("A message without requests has none on the wire")
  func noRequests() throws {
    var bed = try ClientBed.ready("PIPELINING", "DSN", "SMTPUTF8")
    #expect(
      bed.deliver(try envelope())
        == "MAIL FROM:<a@a.example>\r\nRCPT TO:<r@b.example>\r\nDATA\r\n")
  }

  @Test("A message that needs SMTPUTF8 says so, and fails where it is not offered")
  func international() throws {
    var bed = try ClientBed.ready("8BITMIME", "SMTPUTF8")
    let envelope = try envelope(needsUTF8: true)
    #expect(bed.deliver(envelope) == "MAIL FROM:<a@a.example> BODY=8BITMIME SMTPUTF8\r\n")
    var other = try ClientBed.ready("8BITMIME")
    #expect(other.session.deliver(envelope).outcomes == "failed 5.6.7")
    #expect(other.session.isUsable)
    #expect(try other.deliver(recipients: 1).hasPrefix("MAIL"))
  }

  @Test("A message that must not leave in clear says so to a server that heeds it")
  func requiresTLS() throws {
    var bed = try underTLS("REQUIRETLS", needsRequireTLS: true)
    #expect(
      bed.deliver(try envelope(requiresTLS: true)) == "MAIL FROM:<a@a.example> REQUIRETLS\r\n")
  }

  @Test(
    "A message that must not leave in clear fails where that cannot be had, and a report does not")
  func lacksRequireTLS() throws {
    var bed = try underTLS("SIZE")
    #expect(bed.session.deliver(try envelope(requiresTLS: true)).outcomes == "failed 5.7.30")
    #expect(
      bed.deliver(try envelope(from: "<>", requiresTLS: true)) == "MAIL FROM:<> SIZE=100\r\n")
  }

  @Test("What a server in clear says of REQUIRETLS does not count")
  func requireTLSInClear() throws {
    var bed = try ClientBed.ready("REQUIRETLS")
    #expect(bed.session.deliver(try envelope(requiresTLS: true)).outcomes == "failed 5.7.30")
    #expect(bed.deliver(try envelope(from: "<>", requiresTLS: true)) == "MAIL FROM:<>\r\n")
  }

  @Test("A session for REQUIRETLS tells a server without TLS from one without the extension")
  func unavailable() throws {
    var bed = try ClientBed(tls: .required, needsRequireTLS: true)
    bed.reply("220 a")
    #expect(bed.reply("250 a")?.obstacle?.status.text == "5.7.10")
    var other = try ClientBed(tls: .required, needsRequireTLS: true)
    other.reply("220 a")
    other.reply("250-a")
    #expect(other.reply("250 STARTTLS") == .send("STARTTLS"))
    #expect(other.reply("220 go") == .startTLS)
    #expect(other.session.tlsEstablished() == .send("EHLO gw.home.example"))
    let obstacle = other.reply("250 a")?.obstacle
    #expect(obstacle?.status.text == "5.7.30")
    #expect(obstacle?.isRemote == false)
    #expect(!other.session.isUsable)
  }
}
