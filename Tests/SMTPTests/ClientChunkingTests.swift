import Mail
import Testing

@testable import SMTP

@Suite("Client session: content in a chunk")
struct ClientChunkingTests {
  private static let chunk = ClientAction.sendChunk(Array("BDAT 100 LAST\r\n".utf8))

  @Test("The chunk follows the replies to the recipients, and needs no go-ahead")
  func oneByOne() throws {
    var bed = try ClientBed.ready("CHUNKING", "SIZE 1000")
    #expect(try bed.deliver(recipients: 2) == "MAIL FROM:<a@a.example> SIZE=100\r\n")
    #expect(bed.reply("250 ok") == .send("RCPT TO:<r1@b.example>"))
    #expect(bed.reply("250 ok") == .send("RCPT TO:<r2@b.example>"))
    #expect(bed.reply("550 5.1.1 no") == Self.chunk)
    #expect(bed.session.awaited == .content)
    #expect(bed.reply("250 2.0.0 ok")?.outcomes == "delivered 2.0.0, failed 5.1.1")
    #expect(try bed.deliver(recipients: 1).hasPrefix("MAIL"))
  }

  @Test("With PIPELINING the group ends before the chunk, and nobody's message is not sent")
  func group() throws {
    var bed = try ClientBed.ready("PIPELINING", "CHUNKING")
    let group = try bed.deliver(recipients: 2)
    #expect(
      group == "MAIL FROM:<a@a.example>\r\nRCPT TO:<r1@b.example>\r\nRCPT TO:<r2@b.example>\r\n")
    bed.reply("250 ok")
    bed.reply("550 5.1.1 no")
    #expect(bed.reply("250 ok") == Self.chunk)
    #expect(bed.reply("250 2.0.0 ok")?.outcomes == "failed 5.1.1, delivered 2.0.0")
    _ = try bed.deliver(recipients: 2)
    bed.reply("250 ok")
    bed.reply("550 5.1.1 no")
    #expect(bed.reply("450 4.2.0 later")?.outcomes == "failed 5.1.1, deferred 4.2.0")
    #expect(try bed.deliver(recipients: 1).hasPrefix("RSET\r\nMAIL"))
  }

  @Test(
    "A verdict on a chunk is one on the message, and the next begins with RSET after a refusal",
    arguments: [
      ("550 5.7.1 spam", "failed 5.7.1"), ("554 x", "failed 5.0.0"),
      ("552 5.3.4 x", "failed 5.3.4"),
      ("451 4.3.0 x", "deferred 4.3.0"), ("530 5.7.0 x", "deferred 5.7.0"),
    ])
  func verdict(reply: String, outcome: String) throws {
    var bed = try ClientBed.ready("PIPELINING", "CHUNKING")
    _ = try bed.deliver(recipients: 1)
    bed.reply("250 ok")
    bed.reply("250 ok")
    #expect(bed.reply(reply)?.outcomes == outcome)
    #expect(!bed.session.isChunkingBroken)
    #expect(try bed.deliver(recipients: 1).hasPrefix("RSET\r\n"))
  }

  @Test(
    "A server that does not know the command it has offered is no more talked to",
    arguments: ["500 what", "501 x", "502 5.5.1 no", "503 5.5.1 sequence", "504 x"])
  func broken(reply: String) throws {
    var bed = try ClientBed.ready("CHUNKING")
    _ = try bed.deliver(recipients: 1)
    bed.reply("250 ok")
    bed.reply("250 ok")
    #expect(bed.reply(reply)?.outcomes == "deferred 4.5.0")
    #expect(bed.session.isChunkingBroken)
    #expect(!bed.session.isUsable)
  }

  @Test("A connection that is lost in a chunk counts against CHUNKING, and 421 does not")
  func lost() throws {
    for isLost in [true, false] {
      var bed = try ClientBed.ready("CHUNKING")
      _ = try bed.deliver(recipients: 1)
      bed.reply("250 ok")
      bed.reply("250 ok")
      let action =
        isLost
        ? bed.session.fail(Diagnosis(EnhancedStatus(4, 4, 2), "lost"))
        : bed.reply("421 4.4.2 stopping")
      #expect(action?.outcomes == "deferred 4.4.2")
      #expect(bed.session.isChunkingBroken == isLost)
    }
  }

  @Test("It is DATA where that is wished, and where CHUNKING is not offered")
  func data() throws {
    var bed = try ClientBed(chunking: .never)
    for line in ["220 a", "250-a", "250-PIPELINING", "250 CHUNKING"] { bed.reply(line) }
    #expect(try bed.deliver(recipients: 1).hasSuffix("DATA\r\n"))
    bed = try ClientBed.ready("PIPELINING", "BINARYMIME")
    #expect(try bed.deliver(recipients: 1).hasSuffix("DATA\r\n"))
  }

  @Test("A server that has not shown to be in step is given DATA, and from then on chunks")
  func inStep() throws {
    var bed = try ClientBed(chunking: .onceInStep)
    for line in ["220 a", "250-a", "250-PIPELINING", "250 CHUNKING"] { bed.reply(line) }
    #expect(try bed.deliver(recipients: 1).hasSuffix("DATA\r\n"))
    bed.reply("250 ok")
    bed.reply("250 ok")
    #expect(!bed.session.isInStep)
    #expect(bed.reply("354 go") == .sendContent)
    #expect(bed.session.isInStep)
    bed.reply("250 ok")
    #expect(try !bed.deliver(recipients: 1).contains("DATA"))
    bed.reply("250 ok")
    #expect(bed.reply("250 ok") == Self.chunk)
  }

  @Test("LMTP answers a chunk for each recipient")
  func lmtp() throws {
    var bed = try ClientBed(dialect: .lmtp)
    for line in ["220 a", "250-a", "250-PIPELINING", "250 CHUNKING"] { bed.reply(line) }
    _ = try bed.deliver(recipients: 3)
    for reply in ["250 ok", "250 ok", "550 5.1.1 no"] { bed.reply(reply) }
    #expect(bed.reply("250 ok") == Self.chunk)
    #expect(bed.reply("250 2.0.0 ok") == .awaitReply)
    #expect(
      bed.reply("452 4.2.2 full")?.outcomes == "delivered 2.0.0, failed 5.1.1, deferred 4.2.2")
  }

  @Test("LMTP's reply about a later recipient is a verdict, whatever its code")
  func lmtpVerdicts() throws {
    var bed = try ClientBed(dialect: .lmtp)
    for line in ["220 a", "250-a", "250-PIPELINING", "250 CHUNKING"] { bed.reply(line) }
    _ = try bed.deliver(recipients: 3)
    for _ in 0..<4 { bed.reply("250 ok") }
    #expect(bed.reply("250 2.0.0 ok") == .awaitReply)
    #expect(bed.reply("503 5.5.1 no") == .awaitReply)
    #expect(
      bed.reply("250 2.0.0 ok")?.outcomes == "delivered 2.0.0, failed 5.5.1, delivered 2.0.0")
    #expect(!bed.session.isChunkingBroken && bed.session.isUsable)
  }

  @Test(
    "221 that nobody has asked for ends the session and delivers nothing", arguments: 0...3)
  func closing(place: Int) throws {
    for isChunk in [true, false] {
      var bed = try ClientBed.ready("PIPELINING", isChunk ? "CHUNKING" : "X")
      _ = try bed.deliver(recipients: 1)
      let replies = isChunk ? ["250 ok", "250 ok"] : ["250 ok", "250 ok", "354 go"]
      for reply in replies.prefix(place) { bed.reply(reply) }
      #expect(bed.reply("221 2.0.0 bye")?.outcomes == "deferred 4.4.2")
      #expect(!bed.session.isUsable)
    }
  }
}
