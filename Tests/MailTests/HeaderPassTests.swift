import Testing

@testable import Mail

@Suite("Header pass")
struct HeaderPassTests {
  /// Rules that add all there is to add, for the account of anna.
  static func allRules() throws -> HeaderRules {
    let host = try #require(Domain("gw.home.example"))
    let anna = try #require(Mailbox("anna@home.example"))
    var rules = HeaderRules()
    rules.date = DateTime(unixSeconds: 880_106_106)
    rules.messageID = MessageID(unique: "1Q-7", host: host)
    rules.author = anna
    rules.addsDestination = true
    rules.addsMIMEVersion = true
    rules.account = HeaderRules.Account(mailbox: anna) { author in
      author.domain == anna.domain && author.localPart.asciiLowercased == "anna"
    }
    rules.authenticationServer = host
    rules.removesReturnPath = true
    return rules
  }

  /// What comes of `content`, which must be the same at every cut.
  static func passed(_ content: String, _ rules: HeaderRules) -> (text: String, pass: HeaderPass) {
    let bytes = Array(content.utf8)
    var first: (text: String, pass: HeaderPass)?
    for size in Array(1...max(min(bytes.count, 40), 1)) + [max(bytes.count, 1)] {
      var pass = HeaderPass(rules)
      var output: [UInt8] = []
      var start = 0
      while start < bytes.count {
        let stop = min(start + size, bytes.count)
        pass.process(Array(bytes[start..<stop]).span, into: &output)
        start = stop
      }
      pass.finish(into: &output)
      if let first { #expect(text(output) == first.text, "in pieces of \(size)") }
      first = first ?? (text(output), pass)
    }
    return first ?? ("", HeaderPass(rules))
  }

  static let complete =
    "From: Anna <anna@home.example>\nTo: b@c.d\nDate: x\nMessage-ID: <1@a>\nMIME-Version: 1.0\n"

  @Test("What lacks nothing passes as it is")
  func changesNothing() throws {
    let content = Self.complete + "Content-Type: text/plain\n\n.\nFrom: z\n\0"
    let (output, pass) = Self.passed(content, try Self.allRules())
    #expect(output == content)
    #expect(pass.violation == nil && pass.isComplete)
  }

  @Test("Without rules everything passes, and is read all the same")
  func noRules() {
    for content in ["", "\n", "Hello\n", "Return-Path: <x>\nReceived: a\n\nb", "A: b", "A"] {
      let (output, pass) = Self.passed(content, HeaderRules())
      #expect(output == content)
      #expect(pass.receivedCount == (content.contains("Received") ? 1 : 0))
    }
    var pass = HeaderPass(HeaderRules())
    pass.scan(Array("Received: x\nReceived: y\n\nReceived: z\n".utf8).span)
    #expect(pass.receivedCount == 2 && pass.isComplete)
  }

  @Test(
    "What is missing is added at the end of the header",
    arguments: [
      ("Subject: x\n\nbody\n", "Subject: x\n+MDFTV\nbody\n"),
      ("\nbody\n", "+MDFTV\nbody\n"),
      ("", "+MDFTV"),
      ("Subject: x", "Subject: x\n+MDFTV"),
      ("Subject:", "Subject:\n+MDFTV"),
      ("Subject: x\n", "Subject: x\n+MDFTV"),
      ("Hello\nFrom: x\n", "+MDFTV\nHello\nFrom: x\n"),
      ("Hello", "+MDFTV\nHello"),
      ("date : x\nHello\n", "date : x\n+MFTV\nHello\n"),
      ("DATE: x\nmessage-id: y\n\n", "DATE: x\nmessage-id: y\n+FTV\n"),
      ("Bcc: b@c.d\n\n", "Bcc: b@c.d\n+MDFV\n"), ("Cc: b@c.d\n\n", "Cc: b@c.d\n+MDFV\n"),
      ("To: b@c.d\nContent-Type: x\n\n", "To: b@c.d\nContent-Type: x\n+MDFV\n"),
      ("content-transfer-encoding: 8bit\n\n", "content-transfer-encoding: 8bit\n+MDFTV\n"),
      ("Subject: Date: x\n From: y\n\n", "Subject: Date: x\n From: y\n+MDFTV\n"),
      ("Return-Path: <x>\n y\nDate: x", "Date: x\n+MFTV"),
      ("Date: x\nReturn-path: <x>", "Date: x\n+MFTV"),
      ("Date: x\nReturn-path: <x>\nHello", "Date: x\n+MFTV\nHello"),
    ])
  func adds(content: String, pattern: String) throws {
    let lines = [
      "M": "Message-ID: <1Q-7@gw.home.example>\n", "D": "Date: Fri, 21 Nov 1997 09:55:06 +0000\n",
      "F": "From: anna@home.example\n", "T": "To: undisclosed-recipients:;\n",
      "V": "MIME-Version: 1.0\n",
    ]
    var expected = pattern
    if let plus = pattern.firstIndex(of: "+") {
      let letters = pattern[plus...].dropFirst().prefix { $0.isUppercase && $0.isLetter }
      let added = letters.map { lines[String($0)] ?? "" }.joined()
      expected = pattern[..<plus] + added + pattern[letters.endIndex...]
    }
    #expect(Self.passed(content, try Self.allRules()).text == expected)
  }

  @Test(
    "Sender is added where the author is not the account",
    arguments: [
      ("From: anna@home.example\n", false), ("From: <ANNA@HOME.example>\n", false),
      ("From: \"A, B\" <anna@home.example>\n", false),
      ("From: =?utf-8?q?A?= <anna@home.example>\n", false),
      ("From:\n Anna (me, <x@y.z>)\n\t<anna@home.example> (home)\n", false),
      ("From: (\\) \"()) anna@home.example\n", false), ("From: Jörg <anna@home.example>\n", false),
      ("From: < anna@home.example >\n", false), ("From: \"anna\"@home.example\n", false),
      ("From: bob@home.example\n", true), ("From: anna@other.example\n", true),
      ("From: anna@home.example, bob@home.example\n", true), ("From: anna@home.example,\n", true),
      ("From: bob@home.example <anna@home.example>\n", false),
      ("From: anna@home.example <bob@home.example>\n", true),
      ("From: <anna@home.example> bob@home.example\n", true),
      ("From: <anna@home.example>, <bob@home.example>\n", true),
      ("From: Us: anna@home.example;\n", true), ("From: anna\n", true), ("From: \n", true),
      ("From: <anna@home.example\n", true), ("From: \"anna@home.example\n", true),
      ("From: (anna@home.example\n", true), ("From: an na@home.example\n", true),
      ("From: <@x.y:anna@home.example>\n", true), ("From: anna@home.example>\n", true),
      ("From: anna@home.example\nFrom: bob@home.example\n", true),
      ("From: bob@home.example\nFrom: anna@home.example\n", true),
      ("From: bob@home.example\nSender: carl@home.example\n", false),
      ("sender : carl@home.example\nFrom: bob@home.example\n", false),
      (
        "From: " + String(repeating: "x", count: Limits.fieldValueBytes) + " <anna@home.example>\n",
        true
      ),
    ])
  func senders(fields: String, isAdded: Bool) throws {
    let rest = "To: b@c.d\nDate: x\nMessage-ID: <1@a>\nMIME-Version: 1.0\n"
    let added = isAdded ? "Sender: anna@home.example\n" : ""
    let output = Self.passed(fields + rest + "\nbody\n", try Self.allRules()).text
    #expect(output == fields + rest + added + "\nbody\n")
  }

  @Test("A value that just fits is read, and one octet more is not", arguments: [0, 1])
  func valueLimit(excess: Int) throws {
    let end = " <anna@home.example>\n"
    let fill = Limits.fieldValueBytes - end.utf8.count - 1 + excess
    let from = "From: " + String(repeating: "x", count: fill) + end
    let output = Self.passed(from + "\n", try Self.allRules()).text
    #expect(output.contains("\nSender:") == (excess == 1))
  }

  @Test(
    "Results in this host's name are removed, and others stay",
    arguments: [
      ("Authentication-Results: gw.home.example; spf=pass\n", true),
      ("authentication-RESULTS :\n\tGW.Home.Example;\n\tspf=pass\n", true),
      ("Authentication-Results: gw.home.example 1; none\n", true),
      ("Authentication-Results: gw.home.example/1; none\n", true),
      ("Authentication-Results: (x;(y) \\)) gw.home.example(z); none\n", true),
      ("Authentication-Results: \"gw.home.\\example\"; none\n", true),
      ("Authentication-Results: gw.home.example\n", true), ("Authentication-Results:\n", true),
      ("Authentication-Results: ;spf=pass\n", true), ("Authentication-Results: (x\n", true),
      ("Authentication-Results: \"x\n", true),
      (
        "Authentication-Results: (" + String(repeating: "x", count: 2000) + ") gw.home.example\n",
        true
      ),
      ("Authentication-Results: mx.isp.example; spf=pass\n\tdkim=fail\n", false),
      ("Authentication-Results: \"mx\"; x=gw.home.example\n", false),
      (
        "Authentication-Results: mx.isp.example; " + String(repeating: "x", count: 2000) + "\n",
        false
      ),
      ("Authentication-Results: mx.gw.home.example;\n", false),
      ("ARC-Authentication-Results: i=1; gw.home.example; spf=pass\n", false),
      ("X-Authentication-Results: gw.home.example; spf=pass\n", false),
      ("Authentication-Results: b\u{FC}cher.example; none\n", false),
      ("Return-Path: <x@y.z>\n (folded)\n", true), ("return-path:\n", true),
      ("Return-Path-X: <x@y.z>\n", false),
    ])
  func removes(field: String, isRemoved: Bool) throws {
    for (before, after) in [("", Self.complete), (Self.complete, ""), ("", Self.complete + field)] {
      let kept = isRemoved ? before + after.replacing(field) : before + field + after
      let output = Self.passed(before + field + after + "\nbody\n", try Self.allRules()).text
      #expect(output == kept + "\nbody\n")
    }
  }

  @Test("Results in the international name of this host are removed")
  func removesInternationalResults() {
    var rules = HeaderRules()
    rules.authenticationServer = Domain("xn--bcher-kva.example")
    let output = Self.passed("Authentication-Results: b\u{FC}cher.example; none\n\n", rules).text
    #expect(output == "\n")
  }

  @Test("Nothing is removed or added that no rule names")
  func onlyTheRules() {
    var rules = HeaderRules()
    rules.addsDestination = true
    let content =
      "Return-Path: <x>\nAuthentication-Results: gw.home.example; none\nFrom: y\nTo: z\n\n"
    #expect(Self.passed(content, rules).text == content)
  }

  @Test(
    "A header beyond ASCII is told, and is a violation where it is not allowed",
    arguments: [
      ("Subject: caf\u{E9}\n\n", true), ("A: b\n\ncaf\u{E9}", false),
      ("A: 1234567\u{E9}\n\n", true),
      ("A: b\ncaf\u{E9}: c\n", false), ("Return-Path: \u{E9}\n\n", true),
    ])
  func beyondASCII(content: String, isInternational: Bool) throws {
    var rules = try Self.allRules()
    #expect(Self.passed(content, rules).pass.isInternational == isInternational)
    #expect(Self.passed(content, rules).pass.violation == nil)
    rules.allowsUTF8 = false
    #expect(
      Self.passed(content, rules).pass.violation == (isInternational ? .beyondASCII : nil))
    var scanOnly = HeaderRules()
    scanOnly.allowsUTF8 = false
    #expect(
      Self.passed(content, scanOnly).pass.violation == (isInternational ? .beyondASCII : nil))
  }

  @Test(
    "A line of a mailbox file before a message is kept as a field",
    arguments: [
      "From me Mon Jan  1 10:00:00 2026\n", ">From me@a.b Mon Jan  1\n", ">>From  x\n", "From \n",
      "From me\n>From you\n",
    ])
  func mailboxLine(lines: String) throws {
    let kept = lines.split(separator: "\n").map { "X-Mailbox-Line: \($0)\n" }.joined()
    let header = "From: anna@home.example\nSubject: x\n"
    var passing = HeaderRules()
    passing.authenticationServer = Domain("gw.home.example")
    for rules in [HeaderRules(), passing] {
      let output = Self.passed(lines + header + "\nbody\nFrom here\n", rules).text
      #expect(output == kept + header + "\nbody\nFrom here\n")
    }
    let output = Self.passed(lines + header + "\nbody\n", try Self.allRules()).text
    #expect(output.hasPrefix(kept + header + "Message-ID: "))
    #expect(output.hasSuffix("MIME-Version: 1.0\n\nbody\n"))
  }

  @Test("A field From with a blank before its colon is no line of a mailbox file")
  func oldFrom() {
    #expect(Self.passed("From : a@b.c\n\n", HeaderRules()).text == "From : a@b.c\n\n")
  }

  @Test(
    "A line that is no field does not cut the header of mail that passes",
    arguments: ["no field\n", "caf\u{E9} x\n y\n", ": x\n", "one\ntwo\nX-Three: 3\n", "x"])
  func faults(fault: String) throws {
    var local = HeaderRules()
    local.authenticationServer = Domain("gw.home.example")
    local.removesReturnPath = true
    local.allowsUTF8 = false
    let line = fault.hasSuffix("\n") ? fault : fault + "\n"
    for content in [
      "Received: x\nFrom: a@b.c\n\(line)To: d@e.f\nSubject: y\n\nbody\n",
      "\(line)Received: x\nFrom: a@b.c\nTo: d@e.f\n\nbody\n",
      "Received: x\nFrom: a@b.c\n\(line)\nbody\n", "Received: x\n\(line)\(line)Date: y\n\n",
    ] {
      for rules in [HeaderRules(), local] {
        let (output, pass) = Self.passed(content, rules)
        #expect(output == content)
        #expect(pass.violation == nil)
      }
    }
  }

  @Test("A field is added where the header ends, though a line of it is none")
  func addsBehindFaults() throws {
    var rules = HeaderRules()
    rules.date = DateTime(unixSeconds: 880_106_106)
    let date = "Date: Fri, 21 Nov 1997 09:55:06 +0000\n"
    let broken = "Subject: x\nno field\nFrom: a@b.c\n"
    #expect(Self.passed(broken + "\nbody\n", rules).text == broken + date + "\nbody\n")
    let dated = "Subject: x\nno field\nX-Y: z\nDate: y\n"
    #expect(Self.passed(dated + "\nbody\n", rules).text == dated + "\nbody\n")
    #expect(
      Self.passed("Subject: x\nno field\n\nbody\n", rules).text
        == "Subject: x\n\(date)no field\n\nbody\n")
  }

  @Test("Text that a device puts behind its fields without an empty line gets one")
  func textWithoutSeparator() throws {
    var rules = HeaderRules()
    rules.date = DateTime(unixSeconds: 880_106_106)
    let date = "Date: Fri, 21 Nov 1997 09:55:06 +0000\n"
    for text in [
      "It burns\n", "It burns", "It burns\nZone: 3\n",
      String(repeating: "It burns and burns and burns.\n", count: 500) + "\nand burns\n",
    ] {
      #expect(
        Self.passed("Subject: fire\n" + text, rules).text == "Subject: fire\n\(date)\n" + text)
    }
  }

  @Test("A header may be as large as the limit and no larger", arguments: [0, 1])
  func largeHeader(excess: Int) throws {
    let line = "A: " + String(repeating: "x", count: 1020) + "\n"
    var content = String(repeating: line, count: Limits.headerBytes / 1024)
    content = String(repeating: "B", count: excess) + content
    for rules in [HeaderRules(), try Self.allRules()] {
      var pass = HeaderPass(rules)
      var output: [UInt8] = []
      pass.process(Array((content + "\nbody\n").utf8).span, into: &output)
      pass.finish(into: &output)
      #expect(pass.violation == (excess == 0 ? nil : .tooLarge))
      #expect(pass.isComplete)
    }
  }

  @Test("A message with as many trace fields as the limit is looping", arguments: [99, 100])
  func countsHops(count: Int) throws {
    let header = String(repeating: "received: by a\n\tReceived: b\n", count: count) + "\n"
    for rules in [HeaderRules(), try Self.allRules()] {
      var pass = HeaderPass(rules)
      var output: [UInt8] = []
      pass.process(Array((header + "Received: c\n").utf8).span, into: &output)
      #expect(pass.receivedCount == count)
      #expect(pass.isLooping == (count == 100))
    }
  }

  @Test("What has passed lacks nothing and passes unchanged", arguments: 0..<200)
  func passesOnce(seed: UInt64) throws {
    var random = FixedRandom(seed: seed)
    let words = [
      "From: ", "anna@home.example", "Date: x", "\n", "\n", " ", "Return-Path: <>", "To: ", ":",
      "<", ">",
      "Authentication-Results: ", "gw.home.example", ";", "(", ")", "\"", "\u{E9}", "Sender:", "x",
    ]
    let content = (0..<20).map { _ in words.randomElement(using: &random) ?? "" }.joined()
    let once = Self.passed(content, try Self.allRules()).text
    #expect(Self.passed(once, try Self.allRules()).text == once)
  }

  @Test(
    "Nothing that claims to be a result of ours gets past a line that others take for a field",
    arguments: [
      "no field at all\n", ": x\n", "b\u{E9}: y\n", "x y: z\n",
      String(repeating: "x", count: 200) + ": y\n",
      String(repeating: "x", count: Limits.fieldNameBytes + 1) + ": y\n",
    ])
  func hidesNothing(line: String) throws {
    var rules = HeaderRules()
    rules.authenticationServer = Domain("gw.home.example")
    let forged = "Authentication-Results: gw.home.example; spf=pass\n"
    let (text, _) = Self.passed("Subject: x\n" + line + forged + "\nbody\n", rules)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(!lines.prefix { !$0.isEmpty }.contains { $0.contains("spf=pass") })
    #expect(text.hasSuffix("\nbody\n"))
  }
}

extension String {
  /// The string without its parts that are `part`.
  fileprivate func replacing(_ part: String) -> String {
    var rest = self[...]
    var result = ""
    while let character = rest.unicodeScalars.first {
      if rest.utf8.starts(with: part.utf8) {
        rest = Substring(rest.utf8.dropFirst(part.utf8.count))
      } else {
        result.unicodeScalars.append(character)
        rest.unicodeScalars.removeFirst()
      }
    }
    return result
  }
}
