import Mail
import Testing

@testable import SMTP

@Suite("Client session: LMTP, and asking about a recipient")
struct ClientLMTPTests {
  private func ready(_ extensions: String = "PIPELINING") throws -> ClientBed {
    var bed = try ClientBed(dialect: .lmtp)
    #expect(bed.reply("220 a LMTP") == .send("LHLO gw.home.example"))
    bed.reply("250-a")
    #expect(bed.reply("250 \(extensions)") == .ready)
    return bed
  }

  /// Up to the content, the second of three recipients being refused.
  private func content() throws -> ClientBed {
    var bed = try ready()
    _ = try bed.deliver(recipients: 3)
    for line in ["250 ok", "250 ok", "550 5.1.1 no", "250 ok"] {
      #expect(bed.reply(line) == .awaitReply)
    }
    #expect(bed.reply("354 go") == .sendContent)
    return bed
  }

  @Test(
    "After the content each recipient that was accepted has a reply of its own",
    arguments: [
      ("250 2.1.5 ok", "250 2.1.5 ok", "delivered 2.1.5, failed 5.1.1, delivered 2.1.5"),
      ("452 4.2.2 full", "250 ok", "deferred 4.2.2, failed 5.1.1, delivered 2.0.0"),
      ("250 ok", "552 5.2.2 full", "delivered 2.0.0, failed 5.1.1, failed 5.2.2"),
      ("554 5.6.0 bad", "554 5.6.0 bad", "failed 5.6.0, failed 5.1.1, failed 5.6.0"),
    ])
  func replies(first: String, second: String, outcomes: String) throws {
    var bed = try content()
    #expect(bed.reply(first) == .awaitReply)
    #expect(bed.session.awaited == .content)
    #expect(bed.reply(second)?.outcomes == outcomes)
    #expect(bed.session.isUsable)
    #expect(try bed.deliver(recipients: 1).hasPrefix("MAIL"))
  }

  @Test("Those without a reply have to wait when the connection ends between the replies")
  func lost() throws {
    var bed = try content()
    bed.reply("250 ok")
    let action = bed.session.fail(Diagnosis(EnhancedStatus(4, 4, 2), "lost"))
    #expect(action.outcomes == "delivered 2.0.0, failed 5.1.1, deferred 4.4.2")
    var other = try content()
    other.reply("250 ok")
    #expect(
      other.reply("421 4.3.2 stopping")?.outcomes
        == "delivered 2.0.0, failed 5.1.1, deferred 4.3.2")
    #expect(!other.session.isUsable)
  }

  @Test("There is no way back to HELO")
  func noHELO() throws {
    var bed = try ClientBed(dialect: .lmtp)
    bed.reply("220 a ESMTP")
    #expect(bed.reply("500 5.5.1 what")?.obstacle?.text == "500 5.5.1 what")
  }

  @Test("A server that wants content for nobody is given up, for no reply would come to it")
  func contentForNobody() throws {
    var bed = try ready()
    _ = try bed.deliver(recipients: 1)
    bed.reply("250 ok")
    bed.reply("550 5.1.1 no")
    #expect(bed.reply("354 go")?.outcomes == "failed 5.1.1")
    #expect(!bed.session.isUsable)
  }

  @Test(
    "A question ends after RCPT, and leaves the session ready for the next",
    arguments: [
      ("250 2.1.5 ok", "delivered 2.1.5"), ("550 5.1.1 no", "failed 5.1.1"),
      ("450 4.2.0 later", "deferred 4.2.0"),
    ])
  func question(reply: String, outcome: String) throws {
    var bed = try ready("SIZE 1000")
    let recipient = try #require(ForwardPath("<ann@home.example>"))
    #expect(bed.session.verify(recipient) == .send("MAIL FROM:<>"))
    #expect(bed.reply("250 ok") == .send("RCPT TO:<ann@home.example>"))
    #expect(bed.reply(reply)?.outcomes == outcome)
    #expect(bed.session.verify(recipient) == .send("RSET"))
    bed.reply("250 ok")
    bed.reply("250 ok")
    #expect(bed.reply(reply)?.outcomes == outcome)
    #expect(bed.session.quit() == .send("QUIT"))
  }

  @Test("A question about a group needs one round trip, and has no content")
  func pipelined() throws {
    var bed = try ready()
    let action = bed.session.verify(try #require(ForwardPath("<ann@home.example>")))
    #expect(action == .send("MAIL FROM:<>\r\nRCPT TO:<ann@home.example>"))
    #expect(bed.reply("250 ok") == .awaitReply)
    #expect(bed.reply("250 ok")?.outcomes == "delivered 2.0.0")
  }

  @Test(
    "A refused null sender says nothing of the recipient for good",
    arguments: ["451 4.3.0 no", "550 5.3.0 no"])
  func refusedSender(reply: String) throws {
    var bed = try ready()
    _ = bed.session.verify(try #require(ForwardPath("<ann@home.example>")))
    bed.reply(reply)
    #expect(bed.reply("503 5.5.1 need MAIL")?.outcomes?.hasPrefix("deferred") == true)
  }
}
