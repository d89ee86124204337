import Mail
import TestSupport
import Testing

@testable import SMTP

@Suite("Commands")
struct CommandTests {
  static func parse(_ line: String) -> ParsedLine { Command.parse(Array(line.utf8)[...]) }

  static let postmaster = ForwardPath("<postmaster@b.c>") ?? .postmaster

  @Test(
    "A command is understood in any case and with blanks at its end",
    arguments: [
      ("DATA", .data), ("data", .data), ("rSeT \t", .reset), ("NOOP x", .noop), ("QUIT", .quit),
      ("HELP MAIL", .help), ("VRFY a", .verify), ("EXPN a", .expand), ("StartTLS", .startTLS),
      ("EHLO a.b", .hello(name: "a.b", isExtended: true)),
      ("HELO\t[1.2.3.4] ", .hello(name: "[1.2.3.4]", isExtended: false)),
      ("AUTH PLAIN", .authenticate(mechanism: Array("PLAIN".utf8)[...], initialResponse: nil)),
      (
        "AUTH x  y=",
        .authenticate(mechanism: Array("x".utf8)[...], initialResponse: Array("y=".utf8)[...])
      ),
      ("MAIL FROM:<>", .mail(from: .null, MailParameters())),
      (
        "MAIL FROM:<> SIZE=1  body=7bit",
        .mail(from: .null, MailParameters(sizeBytes: 1, body: .sevenBit))
      ),
      ("mail from:<> AUTH=a+2Bb@c.d", .mail(from: .null, MailParameters())),
      (
        "MAIL FROM:<> smtputf8 RequireTLS ret=hdrs ENVID=a+2B",
        .mail(
          from: .null,
          MailParameters(
            isInternational: true, requiresTLS: true,
            report: ReportRequest(returned: .headers, envelopeIdentifier: "a+2B")))
      ),
      ("rcpt to:<postmaster>", .recipient(.postmaster, NotificationRequest())),
      (
        "RCPT TO:<postmaster> notify=Success,delay",
        .recipient(.postmaster, NotificationRequest(events: [.success, .delay]))
      ),
      (
        "RCPT TO:<postmaster> NOTIFY=never",
        .recipient(.postmaster, NotificationRequest(events: []))
      ),
      ("bdat 0 last", .chunk(bytes: 0, isLast: true)),
      ("BDAT 999999999999999999", .chunk(bytes: 999_999_999_999_999_999, isLast: false)),
    ] as [(String, Command)])
  func understands(line: String, command: Command) {
    #expect(Self.parse(line) == .command(command))
  }

  @Test(
    "A line that is no command is refused with a code that says why",
    arguments: [
      ("", 500), ("X", 500), (" DATA", 500), ("DATA\u{0}", 500), ("DATA\r", 500),
      ("NOOP \u{7F}", 500),
      ("DATA x", 501), ("EHLO", 501), ("EHLO  ", 501), ("MAIL", 501),
      ("MAIL TO:<>", 501), ("MAIL FROM <>", 501), ("MAIL FROM:<>SIZE=1", 501), ("MAIL FROM:", 501),
      ("MAIL FROM:<postmaster>", 501), ("MAIL FROM:<> =1", 555), ("MAIL FROM:<> SIZE", 501),
      ("MAIL FROM:<> SIZE=-1", 501), ("MAIL FROM:<> SIZE=+1", 501), ("MAIL FROM:<> AUTH=", 501),
      ("MAIL FROM:<> X\u{E9}", 555), ("MAIL FROM:<\u{E9}@a.b>", 553),
      ("RCPT TO:<a@b.c> X=1", 555), ("AUTH PLAIN a b", 501), ("EXPN", 501), ("HELO a b", 501),
      ("EHLO a\tb", 501), ("MAIL FROM: ", 501), ("MAIL FROM: <", 501), ("RCPT TO: a@b.c", 501),
      ("MAIL FROM:<alice>", 501), ("RCPT TO:<alice>", 501), ("RCPT TO:<..@b.c>", 501),
      ("RCPT TO:a@b.c", 501), ("ETRN", 501),
      ("ETRN a b", 501), ("ETRN #a", 501), ("ETRN @", 501), ("RCPT TO:<a@b.c> ORCPT=a@b.c", 501),
      ("RCPT TO:<a@b.c> ORCPT=rfc822;a+4", 501), ("RCPT TO:<a@b.c> NOTIFY=NEVER,DELAY", 501),
    ])
  func refuses(line: String, code: UInt16) {
    guard case .invalid(let reply) = Self.parse(line) else {
      Issue.record("\(line) was taken for a command")
      return
    }
    #expect(reply.code.rawValue == code)
  }

  @Test(
    "A BDAT that does not say where its chunk ends is told from other errors",
    arguments: [
      "BDAT", "BDAT ", "BDAT x", "BDAT -1", "BDAT +1", "BDAT 1.5", "BDAT 0x10", "BDAT 1 FIRST",
      "BDAT 1 LAST LAST", "BDAT 1LASTX", "BDAT 1000000000000000000", "BDAT LAST", "BDAT 1,2",
      "BDAT 10\u{0}", "bdat\r10",
    ])
  func unframed(line: String) {
    guard case .unframed(let reply) = Self.parse(line) else {
      Issue.record("\(line) was taken for something else")
      return
    }
    #expect([500, 501].contains(reply.code.rawValue))
  }

  @Test(
    "What a profile lets pass is taken for what it means, and for nothing more",
    arguments: [
      ("HELO", .oddGreeting, .hello(name: "", isExtended: false)),
      ("EHLO a b", .oddGreeting, .hello(name: "a b", isExtended: true)),
      ("EHLO \u{1F4E0} x", .oddGreeting, .hello(name: "\\xf0\\x9f\\x93\\xa0 x", isExtended: true)),
      ("MAIL FROM: ", .loosePaths, .mail(from: .null, MailParameters())),
      ("MAIL FROM:", .loosePaths, .mail(from: .null, MailParameters())),
      ("RCPT TO: postmaster@b.c", .loosePaths, .recipient(postmaster, NotificationRequest())),
    ] as [(String, Leniency, Command)])
  func lenient(line: String, leniency: Leniency, command: Command) {
    #expect(Command.parse(Array(line.utf8)[...], leniency: leniency) == .command(command))
    #expect(Self.parse(line) != .command(command))
  }

  @Test(
    "A greeting is one word, whatever it looks like",
    arguments: [
      "127.0.0.1", "[2001:db8::1]", "FE80::1", "host.", "a-.b", "-", "my_pc", "a,b", "M\u{FC}ller",
    ])
  func greets(name: String) {
    guard case .command(.hello(let taken, isExtended: true)) = Self.parse("EHLO \(name)") else {
      Issue.record("\(name) was refused")
      return
    }
    #expect(taken == String(escaping: name.utf8))
  }

  @Test(
    "Blanks before a path are taken from everyone",
    arguments: ["MAIL FROM: <a@b.c>", "MAIL FROM:  <a@b.c> SIZE=1", "MAIL FROM:\t<a@b.c>"])
  func blanks(line: String) {
    guard case .command(.mail(let path, _)) = Self.parse(line) else {
      Issue.record("\(line) was refused")
      return
    }
    #expect(path.text == "<a@b.c>")
  }

  @Test(
    "A bare name gets the domain of the house where that is allowed",
    arguments: [
      ("MAIL FROM:<printer>", "<printer@home.example>"),
      ("MAIL FROM:<postmaster>", "<postmaster@home.example>"),
      ("RCPT TO: <alice> NOTIFY=NEVER", "<alice@home.example>"),
      ("RCPT TO:<\"a b\">", "<\"a b\"@home.example>"), ("RCPT TO:<a..>", "<a..@home.example>"),
      ("RCPT TO:<postmaster>", "<postmaster>"), ("MAIL FROM:<>", "<>"),
    ])
  func completes(line: String, path: String) {
    switch Command.parse(Array(line.utf8)[...], localDomain: Domain("home.example")) {
    case .command(.mail(let taken, _)): #expect(taken.text == path)
    case .command(.recipient(let taken, _)): #expect(taken.text == path)
    default: Issue.record("\(line) was refused")
    }
  }

  @Test(
    "A request of HTTP is known for what it is", arguments: ["GET / HTTP/1.0", "PRI * HTTP/2.0"])
  func knowsHTTP(line: String) {
    #expect(Self.parse(line) == .anotherProtocol)
  }

  @Test("Every verb is found by its keyword and by nothing shorter")
  func verbs() {
    for verb in Verb.allCases {
      let word = Array(verb.keyword.asciiLowercased.utf8)
      #expect(Verb(word[...]) == verb)
      #expect(Verb(word.dropLast()) == nil)
    }
  }

  @Test("The verbs that end a group are those of RFC 2920 and of the extensions")
  func groups() {
    #expect(Verb.allCases.filter { !$0.endsGroup } == [.mail, .rcpt, .bdat, .rset])
  }

  @Test("No line makes the parser fail, and no reply to it can be more than one", arguments: 0..<40)
  func survivesNoise(seed: UInt64) {
    var random = FixedRandom(seed: seed)
    let starts =
      Verb.allCases.map(\.form) + ["MAIL FROM:<a@b.c> SIZE=1", "RCPT TO:<\"a\"@[1.2.3.4]>"]
    for _ in 0..<200 {
      var line = Array((starts.randomElement(using: &random) ?? "").utf8)
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let place = Int.random(in: 0...line.count, using: &random)
        let byte = UInt8.random(in: 0...255, using: &random)
        if Bool.random(using: &random), place < line.count {
          line[place] = byte
        } else {
          line.insert(byte, at: place)
        }
      }
      let reply: Reply
      switch Command.parse(line[...], leniency: seed % 2 == 0 ? [] : .all) {
      case .invalid(let text), .unframed(let text): reply = text
      case .command, .anotherProtocol: continue
      }
      var output: [UInt8] = []
      reply.write(to: &output)
      #expect(output.count { $0 == 0x0A } == 1)
      #expect(output.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0D || $0 == 0x0A })
    }
  }
}

extension Leniency {
  static var all: Leniency { [.oddGreeting, .loosePaths, .keptLogin, .loginWithoutTLS] }
}
