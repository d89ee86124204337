import Mail
import Testing

@testable import SMTP

@Suite("Client session: messages")
struct ClientDeliveryTests {
  @Test("Without PIPELINING each command waits for its reply")
  func sendsOneByOne() throws {
    var bed = try ClientBed.ready("SIZE 1000", "8BITMIME")
    let first = try bed.deliver(recipients: 2)
    #expect(first == "MAIL FROM:<a@a.example> SIZE=100 BODY=8BITMIME\r\n")
    #expect(bed.session.awaited == .mail)
    #expect(bed.reply("250 ok") == .send("RCPT TO:<r1@b.example>"))
    #expect(bed.reply("250 ok") == .send("RCPT TO:<r2@b.example>"))
    #expect(bed.reply("550 5.1.1 no") == .send("DATA"))
    #expect(bed.reply("354 go") == .sendContent)
    #expect(bed.session.awaited == .content)
    #expect(bed.reply("250 2.0.0 ok")?.outcomes == "delivered 2.0.0, failed 5.1.1")
    #expect(bed.session.isUsable)
    #expect(try bed.deliver(recipients: 1).hasPrefix("MAIL"))
  }

  @Test("With PIPELINING a message is one group, and its replies come in order")
  func sendsGroup() throws {
    var bed = try ClientBed.ready("PIPELINING")
    let group = try bed.deliver(recipients: 2)
    #expect(
      group
        == "MAIL FROM:<a@a.example>\r\nRCPT TO:<r1@b.example>\r\nRCPT TO:<r2@b.example>\r\nDATA\r\n"
    )
    #expect(bed.reply("250 ok") == .awaitReply)
    #expect(bed.reply("452 4.5.3 later") == .awaitReply)
    #expect(bed.reply("250 ok") == .awaitReply)
    #expect(bed.session.awaited == .data)
    #expect(bed.reply("354 go") == .sendContent)
    #expect(bed.reply("554 5.6.0 bad")?.outcomes == "deferred 4.5.3, failed 5.6.0")
  }

  @Test(
    "What a server does not take with a message goes with the next, if it has taken something",
    arguments: [
      // The replies to three recipients, the verdict, and what comes of it.
      (["250 a", "452 full", "452 full"], "250 ok", "delivered 2.0.0, excess 4.0.0, excess 4.0.0"),
      (
        ["250 a", "452 4.5.3 x", "250 c"], "250 ok",
        "delivered 2.0.0, excess 4.5.3, delivered 2.0.0"
      ),
      (["250 a", "552 x", "552 5.5.3 x"], "250 ok", "delivered 2.0.0, excess 5.0.0, excess 5.5.3"),
      (
        ["250 a", "452 4.5.3 x", "550 5.1.1 x"], "554 5.6.0 x",
        "failed 5.6.0, excess 4.5.3, failed 5.1.1"
      ),
      // One that comes first has nothing before it that would be too many.
      (
        ["452 4.5.3 x", "250 b", "452 4.5.3 x"], "250 ok",
        "deferred 4.5.3, delivered 2.0.0, excess 4.5.3"
      ),
      // A mailbox that is full stays so.
      (
        ["250 a", "452 4.2.2 x", "552 5.2.2 x"], "250 ok",
        "delivered 2.0.0, deferred 4.2.2, failed 5.2.2"
      ),
      (
        ["250 a", "450 4.2.1 x", "451 x"], "250 ok",
        "delivered 2.0.0, deferred 4.2.1, deferred 4.0.0"
      ),
      // What is taken for nobody now would not be taken for the others either.
      (
        ["250 a", "452 4.5.3 x", "452 4.5.3 x"], "451 4.3.0 x",
        "deferred 4.3.0, deferred 4.5.3, deferred 4.5.3"
      ),
    ])
  func excess(recipients: [String], verdict: String, outcomes: String) throws {
    var bed = try ClientBed.ready("PIPELINING")
    _ = try bed.deliver(recipients: 3)
    bed.reply("250 ok")
    for reply in recipients { bed.reply(reply) }
    #expect(bed.reply("354 go") == .sendContent)
    #expect(bed.reply(verdict)?.outcomes == outcomes)
    #expect(bed.session.isUsable)
  }

  @Test("Without PIPELINING nobody is named any more after the first that is too many")
  func stopsNaming() throws {
    var bed = try ClientBed.ready()
    _ = try bed.deliver(recipients: 4)
    bed.reply("250 ok")
    #expect(bed.reply("250 ok") == .send("RCPT TO:<r2@b.example>"))
    #expect(bed.reply("452 4.5.3 too many") == .send("DATA"))
    bed.reply("354 go")
    #expect(
      bed.reply("250 ok")?.outcomes == "delivered 2.0.0, excess 4.5.3, excess 4.5.3, excess 4.5.3")
    // So much is known now.
    #expect(try bed.deliver(recipients: 3) == "MAIL FROM:<a@a.example>\r\n")
    bed.reply("250 ok")
    #expect(bed.reply("250 ok") == .send("DATA"))
    bed.reply("354 go")
    #expect(bed.reply("250 ok")?.outcomes == "delivered 2.0.0, excess 4.5.3, excess 4.5.3")
  }

  @Test(
    "The limits that a server tells are kept",
    arguments: [
      ("LIMITS RCPTMAX=2", "r1 r2"), ("LIMITS MAILMAX=9 RCPTMAX=2", "r1 r2"),
      ("LIMITS RCPTDOMAINMAX=1", "r1 r2 r3"), ("limits rcptmax=1 RCPTDOMAINMAX=1", "r1"),
      ("LIMITS RCPTMAX=0 RCPTMAX= RCPTMAX", "r1 r2 r3 r4"), ("LIMITS", "r1 r2 r3 r4"),
      ("LIMITS RCPTMAX=1000", "r1 r2 r3 r4"),
    ])
  func limits(keyword: String, recipients: String) throws {
    for pipelining in ["PIPELINING", "SIZE"] {
      var bed = try ClientBed.ready(pipelining, keyword)
      let paths = ["r1@b", "r2@b", "r3@b", "r4@c"].map { ForwardPath("<\($0).example>") }
      var said = bed.deliver(
        Envelope(
          sender: .null, recipients: try paths.map { .init(try #require($0)) }, wireBytes: 9))
      var action: ClientAction?
      while action != .sendContent {
        action = bed.reply(bed.session.awaited == .data ? "354 go" : "250 ok")
        if case .send(let bytes) = action { said += String(decoding: bytes, as: UTF8.self) }
      }
      let named = said.split(separator: "\r\n").filter { $0.hasPrefix("RCPT") }
        .map { $0.dropFirst("RCPT TO:<".count).prefix { $0 != "@" } }
      #expect(named.joined(separator: " ") == recipients)
      let outcomes = bed.reply("250 ok")?.outcomes?.split(separator: ", ") ?? []
      #expect(outcomes.count { $0 == "delivered 2.0.0" } == named.count)
      #expect(outcomes.count { $0 == "excess 4.5.3" } == 4 - named.count)
    }
  }

  @Test("When nobody is accepted no content is sent, and the next message begins with RSET")
  func skipsContent() throws {
    var bed = try ClientBed.ready()
    _ = try bed.deliver(recipients: 1)
    bed.reply("250 ok")
    #expect(bed.reply("550 5.1.1 no")?.outcomes == "failed 5.1.1")
    #expect(try bed.deliver(recipients: 1) == "RSET\r\n")
    #expect(bed.session.awaited == .reset)
    #expect(bed.reply("250 ok") == .send("MAIL FROM:<a@a.example>"))
  }

  @Test("A server that asks for the content of nobody's message gets an empty one")
  func sendsNothing() throws {
    var bed = try ClientBed.ready("PIPELINING")
    _ = try bed.deliver(recipients: 1)
    bed.reply("250 ok")
    bed.reply("550 5.1.1 no")
    #expect(bed.reply("354 go") == .send("."))
    #expect(bed.reply("250 ok")?.outcomes == "failed 5.1.1")
    #expect(try bed.deliver(recipients: 1).hasPrefix("MAIL"))
  }

  @Test("A refused DATA after refused recipients adds nothing")
  func refusesData() throws {
    var bed = try ClientBed.ready("PIPELINING")
    _ = try bed.deliver(recipients: 2)
    bed.reply("250 ok")
    bed.reply("550 5.1.1 no")
    bed.reply("450 4.2.0 later")
    #expect(bed.reply("554 5.5.1 none")?.outcomes == "failed 5.1.1, deferred 4.2.0")
    #expect(try bed.deliver(recipients: 1).hasPrefix("RSET\r\nMAIL"))
  }

  @Test(
    "A refused sender decides for all recipients, whatever the replies to them say",
    arguments: [("550 5.7.1 no", "failed 5.7.1"), ("451 4.3.0 later", "deferred 4.3.0")])
  func refusesSender(reply: String, outcome: String) throws {
    var bed = try ClientBed.ready("PIPELINING")
    _ = try bed.deliver(recipients: 2)
    #expect(bed.reply(reply) == .awaitReply)
    bed.reply("503 5.5.1 need MAIL")
    bed.reply("250 odd")
    #expect(bed.reply("503 5.5.1 need MAIL")?.outcomes == "\(outcome), \(outcome)")
    bed = try ClientBed.ready()
    _ = try bed.deliver(recipients: 2)
    #expect(bed.reply(reply)?.outcomes == "\(outcome), \(outcome)")
  }

  @Test("Many recipients go in groups that fit the buffers")
  func sendsManyGroups() throws {
    var bed = try ClientBed.ready("PIPELINING")
    var commands = try bed.deliver(recipients: 250)
    var sent = 0
    var groups = 0
    while true {
      let count = commands.utf8.count { $0 == 0x0A }
      #expect(count <= SMTP.Limits.pipelinedRecipients)
      sent += count
      groups += 1
      if commands.hasSuffix("DATA\r\n") { break }
      for _ in 1..<count { #expect(bed.reply("250 ok") == .awaitReply) }
      guard case .send(let next) = bed.reply("250 ok") else { break }
      commands = String(decoding: next, as: UTF8.self)
    }
    #expect(sent == 252)
    #expect(groups == 3)
  }

  @Test("421 defers whatever is open, wherever it comes", arguments: 0...5)
  func defersOn421(place: Int) throws {
    let replies = ["250 ok", "550 5.1.1 no", "250 ok", "250 ok", "354 go", "250 ok"]
    var bed = try ClientBed.ready("PIPELINING")
    _ = try bed.deliver(recipients: 3)
    for reply in replies.prefix(place) { bed.reply(reply) }
    let first = place > 1 ? "failed 5.1.1" : "deferred 4.3.2"
    #expect(
      bed.reply("421 4.3.2 stopping")?.outcomes == "\(first), deferred 4.3.2, deferred 4.3.2")
    #expect(!bed.session.isUsable)
  }

  @Test("A lost connection defers whatever is open", arguments: 0...5)
  func defersOnLoss(place: Int) throws {
    let replies = ["250 ok", "250 ok", "550 5.1.1 no", "250 ok", "354 go"]
    var bed = try ClientBed.ready("PIPELINING")
    _ = try bed.deliver(recipients: 3)
    for reply in replies.prefix(place) { bed.reply(reply) }
    let action = bed.session.fail(Diagnosis(EnhancedStatus(4, 4, 2), "lost"))
    let second = place > 2 ? "failed 5.1.1" : "deferred 4.4.2"
    #expect(action.outcomes == "deferred 4.4.2, \(second), deferred 4.4.2")
  }

  @Test(
    "What a reply to a recipient means",
    arguments: [
      ("450 x", "deferred 4.0.0"), ("550 x", "failed 5.0.0"), ("552 x", "deferred 5.0.0"),
      ("552 5.5.3 x", "deferred 5.5.3"), ("552 5.2.2 full", "failed 5.2.2"),
      ("354 x", "deferred 4.0.0"),
      ("530 5.7.0 x", "deferred 5.7.0"), ("535 x", "deferred 5.0.0"),
    ])
  func classifies(reply: String, outcome: String) throws {
    var bed = try ClientBed.ready()
    _ = try bed.deliver(recipients: 1)
    bed.reply("250 ok")
    #expect(bed.reply(reply)?.outcomes == outcome)
  }

  @Test("A message over the server's limit fails without being sent")
  func obeysSize() throws {
    var bed = try ClientBed.ready("SIZE 1000")
    #expect(try bed.deliver(recipients: 1, wireBytes: 1000).hasPrefix("MAIL"))
    bed = try ClientBed.ready("SIZE 1000")
    let envelope = Envelope(sender: .null, recipients: [.init(.postmaster)], wireBytes: 1001)
    #expect(bed.session.deliver(envelope).outcomes == "failed 5.3.4")
    #expect(bed.session.isUsable)
    bed = try ClientBed.ready("SIZE 0")
    #expect(try bed.deliver(recipients: 1, wireBytes: 1001).contains(" SIZE=1001"))
  }

  @Test("A positive reply to DATA is no delivery")
  func distrustsData() throws {
    var bed = try ClientBed.ready("PIPELINING")
    _ = try bed.deliver(recipients: 1)
    bed.reply("250 ok")
    bed.reply("250 ok")
    #expect(bed.reply("250 ok")?.outcomes == "deferred 4.5.0")
    #expect(!bed.session.isUsable)
  }
}
