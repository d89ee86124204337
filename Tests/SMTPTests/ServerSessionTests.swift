import Mail
import TestSupport
import Testing

@testable import SMTP

@Suite("Server session")
struct ServerSessionTests {
  @Test("TLS makes the session forget who the client was")
  func forgets() {
    var bed = TestBed(listener: "submission-plain")
    for line in ["EHLO a", "AUTH PLAIN AGFsaWNlAHNlY3JldA==", "STARTTLS"] { bed.receive(line) }
    #expect(bed.session.isTLSActive)
    #expect(bed.session.user == nil)
    #expect(bed.session.clientName == nil)
    #expect(bed.session.transfer.keyword == "ESMTPS")
  }

  @Test("The way of a message is told from how the session went")
  func tellsTransfer() {
    var bed = TestBed(listener: "submission-plain")
    #expect(bed.exchange("HELO a").count == 1)
    #expect(bed.session.transfer.keyword == "SMTP")
    #expect(bed.exchange("EHLO a").count == 11)
    #expect(bed.session.transfer.keyword == "ESMTP")
    bed.receive("AUTH PLAIN AGFsaWNlAHNlY3JldA==")
    #expect(bed.session.transfer.keyword == "ESMTPA")
  }

  @Test("A client that guesses addresses is sent away")
  func limitsGuessing() {
    var bed = TestBed()
    bed.receive("HELO a")
    bed.receive("MAIL FROM:<>")
    for number in 1..<SMTP.Limits.refusedAddresses {
      #expect(bed.exchange("RCPT TO:<guess\(number)@home.example>")[0].hasPrefix("550"))
    }
    #expect(!bed.isClosed)
    #expect(bed.exchange("RCPT TO:<guess@home.example>")[0].hasPrefix("421"))
    #expect(bed.isClosed)
  }

  @Test("A temporary refusal is no guess")
  func countsPermanentOnly() {
    var session = TestBed().session
    for _ in 0..<1000 { #expect(session.refused(.localError) == .reply(.localError)) }
  }

  @Test("A password that cannot be checked is no wrong one")
  func authenticationUnavailable() {
    var session = TestBed().session
    for _ in 0..<10 {
      guard case .reply(let reply) = session.authenticationUnavailable() else {
        Issue.record("the session was ended")
        return
      }
      #expect(reply.code.category == .temporaryFailure)
    }
  }

  @Test("A reply of 421 to the content ends the session, any other the transaction")
  func endsTransaction() {
    var bed = TestBed()
    for line in ["HELO a", "MAIL FROM:<>", "RCPT TO:<bob@home.example>"] { bed.receive(line) }
    var session = bed.session
    #expect(session.transaction?.recipients.count == 1)
    #expect(session.dataEnded(.localError) == .reply(.localError))
    #expect(session.transaction == nil)
    #expect(session.dataEnded(.shuttingDown) == .close(.shuttingDown))
  }

  @Test("An overlong line ends an authentication exchange")
  func overlongAuthentication() {
    var bed = TestBed(listener: "submission-plain")
    bed.receive("EHLO a")
    #expect(bed.exchange("AUTH PLAIN")[0] == "334 ")
    #expect(bed.exchange(String(repeating: "A", count: 3000))[0].hasPrefix("500 5.5.6"))
    #expect(bed.exchange("NOOP")[0].hasPrefix("250"))
  }

  @Test("Without TLS there is neither STARTTLS nor, as a rule, AUTH")
  func withoutTLS() {
    var settings = TestBed.settings(listener: "smtp")
    settings.extensions.remove(.startTLS)
    var session = ServerSession(settings: settings)
    _ = session.receive(Array("EHLO a".utf8)[...])
    #expect(session.handle(.startTLS) == .reply(.notOffered))
    settings.extensions.remove(.authentication)
    session = ServerSession(settings: settings)
    _ = session.receive(Array("EHLO a".utf8)[...])
    let action = session.receive(Array("AUTH PLAIN".utf8)[...])
    #expect(action == .reply(.notOffered))
  }

  @Test("A stranger that guesses addresses is sent away, a known client with an old list is not")
  func guessing() {
    for isKnown in [false, true] {
      var bed = TestBed(isTrusted: isKnown)
      bed.receive("EHLO a")
      for round in 0..<3 {
        bed.receive("RSET")
        bed.receive("MAIL FROM:<a@b.example>")
        for place in 0..<45 {
          bed.receive(place % 2 == 0 ? "RCPT TO:<dead@home.example>" : "RCPT TO:<a b@home.example>")
        }
        #expect(bed.isClosed == (!isKnown && round == 2))
      }
    }
  }

  @Test("A message that is taken in starts the count of a stranger's bad recipients anew")
  func countIsPerMessage() {
    var bed = TestBed()
    bed.receive("EHLO a")
    for _ in 0..<5 {
      bed.receive("MAIL FROM:<a@b.example>")
      for _ in 0..<60 { bed.receive("RCPT TO:<dead@home.example>") }
      for line in ["RCPT TO:<alice@home.example>", "DATA", "Subject: x", "", "."] {
        bed.receive(line)
      }
    }
    #expect(!bed.isClosed)
    #expect(bed.messages.count == 5)
  }

  @Test(
    "A refusal is known by the one rule that a profile would have to lift",
    arguments: [
      ("EHLO", .oddGreeting), ("HELO HP LaserJet", .oddGreeting),
      ("MAIL FROM:a@b.example", .loosePaths), ("AUTH PLAIN", .loginWithoutTLS),
      ("MAIL FROM:<a b@c.example>", nil), ("RCPT TO:<a@b.example>", nil), ("nonsense", nil),
      ("RCPT TO:a@b.example", nil),
    ] as [(String, Leniency?)])
  func remedies(line: String, leniency: Leniency?) {
    var bed = TestBed()
    bed.receive("EHLO a")
    #expect(bed.exchange(line)[0].hasPrefix("5"))
    #expect(bed.session.remedy(for: Array(line.utf8)[...]) == leniency)
  }

  @Test("No sequence of commands opens the relay", arguments: 0..<60)
  func neverRelays(seed: UInt64) {
    var random = FixedRandom(seed: seed)
    let lines = [
      "HELO a", "EHLO a", "MAIL FROM:<>", "MAIL FROM:<alice@home.example>", "RSET", "DATA", ".",
      "RCPT TO:<bob@home.example>", "RCPT TO:<x@y.example>", "RCPT TO:<x@[192.0.2.1]>", "STARTTLS",
      "AUTH PLAIN AGFsaWNlAHdyb25n", "AUTH LOGIN", "*", "YWxpY2U=", "text", "NOOP",
    ]
    for listener in ["smtp", "submission", "submission-plain"] {
      var bed = TestBed(listener: listener)
      for _ in 0..<200 where !bed.isClosed {
        bed.receive(lines.randomElement(using: &random) ?? "")
        #expect(bed.session.user == nil)
        let recipients = bed.session.transaction?.recipients ?? []
        #expect(recipients.allSatisfy { $0.text == "<bob@home.example>" })
        if listener != "smtp" { #expect(bed.session.transaction == nil) }
      }
    }
  }
}
