import Testing

@testable import Mail

@Suite("Header fields")
struct HeaderTests {
  @Test(
    "A moment is written as RFC 5322 has it",
    arguments: [
      (0, "Thu, 1 Jan 1970 00:00:00 +0000"), (-5, "Thu, 1 Jan 1970 00:00:00 +0000"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
      (880_106_106, "Fri, 21 Nov 1997 09:55:06 +0000"),
      (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 +0000"),
      (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 +0000"),
      (4_107_542_400, "Mon, 1 Mar 2100 00:00:00 +0000"),
      (Int64.max, "Fri, 31 Dec 9999 23:59:59 +0000"),
    ] as [(Int64, String)])
  func dates(seconds: Int64, expected: String) {
    #expect(DateTime(unixSeconds: seconds).text == expected)
  }

  @Test("A message identifier is well formed whatever it is made of")
  func identifiers() throws {
    let host = try #require(Domain("gw.home.example"))
    #expect(MessageID(unique: "17.a-1", host: host).text == "<17.a-1@gw.home.example>")
    #expect(MessageID(unique: "a>\r\nB: c", host: host).text == "<a---B--c@gw.home.example>")
  }

  @Test("The keyword of a transfer is that of RFC 3848")
  func transfers() {
    func keyword(_ extended: Bool, _ encrypted: Bool, _ authenticated: Bool) -> String {
      TransferProtocol(
        isExtended: extended, isEncrypted: encrypted, isAuthenticated: authenticated
      ).keyword
    }
    #expect(keyword(false, false, false) == "SMTP")
    #expect(keyword(true, false, false) == "ESMTP")
    #expect(keyword(true, true, false) == "ESMTPS")
    #expect(keyword(true, false, true) == "ESMTPA")
    #expect(keyword(true, true, true) == "ESMTPSA")
  }

  @Test(
    "The keyword of an international transfer is that of RFC 6531",
    arguments: [
      (false, false, "UTF8SMTP"), (true, false, "UTF8SMTPS"), (false, true, "UTF8SMTPA"),
      (true, true, "UTF8SMTPSA"),
    ])
  func internationalTransfers(isEncrypted: Bool, isAuthenticated: Bool, keyword: String) {
    let transfer = TransferProtocol(
      isExtended: true, isEncrypted: isEncrypted, isAuthenticated: isAuthenticated,
      isInternational: true)
    #expect(transfer.keyword == keyword)
  }

  static func trace(client: String, address: String = "192.168.1.7") throws -> TraceField {
    TraceField(
      clientName: client, clientAddress: address, host: try #require(Domain("gw.home.example")),
      transfer: TransferProtocol(isExtended: true, isEncrypted: true, isAuthenticated: true),
      identifier: "1Q-7", recipient: ForwardPath("<bob@home.example>"),
      date: DateTime(unixSeconds: 880_106_106))
  }

  @Test("A trace field says whence, by whom, how, for whom and when")
  func traces() throws {
    let expected = """
      Received: from printer.lan ([192.168.1.7])
      \tby gw.home.example with ESMTPSA id 1Q-7
      \tfor <bob@home.example>;
      \tFri, 21 Nov 1997 09:55:06 +0000

      """
    #expect(try Self.trace(client: "Printer.LAN").text == expected)
  }

  @Test(
    "What a client calls itself cannot break the trace field",
    arguments: [
      ("192.168.1.7", "[192.168.1.7]"), ("[192.168.1.7]", "[192.168.1.7]"),
      ("a\nBcc: x@y.z", "unknown (greeted as a\\\\x0aBcc: x@y.z)"), ("", "unknown"),
      ("(", "unknown (greeted as \\()"), ("a;b", "unknown (greeted as a;b)"),
      ("x) (y", "unknown (greeted as x\\) \\(y)"), ("fd00::1", "[IPv6:fd00::1]"),
      ("[FD00::1]", "[IPv6:fd00::1]"), ("pc.lan.", "pc.lan"), (".", "unknown (greeted as .)"),
    ])
  func hostileNames(name: String, shown: String) throws {
    let text = try Self.trace(client: name, address: "fd00::7").text
    let unfolded = text.utf8.split(separator: .lineFeed).map { String(Substring($0)) }
    #expect(unfolded.dropFirst().allSatisfy { $0.hasPrefix("\t") })
    let line = unfolded.map { String($0.drop { $0 == "\t" }) }.joined(separator: " ")
    #expect(line.hasPrefix("Received: from \(shown) ([IPv6:fd00::7]) by "))
  }

  @Test("An address that is none is left out of the trace field")
  func hostileAddress() throws {
    let text = try Self.trace(client: "a.b", address: "x)\n").text
    #expect(text.hasPrefix("Received: from a.b\n\tby "))
  }

  @Test("A trace field says how the connection was encrypted, and whom the client was known as")
  func identities() throws {
    var trace = try Self.trace(client: "printer.lan")
    trace.encryption = .init(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384")
    trace.identity = .user("anna")
    let expected = """
      Received: from printer.lan ([192.168.1.7])
      \t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)
      \t(authenticated as anna)
      \tby gw.home.example with ESMTPSA id 1Q-7
      \tfor <bob@home.example>;
      \tFri, 21 Nov 1997 09:55:06 +0000

      """
    #expect(trace.text == expected)
    trace.identity = .grant(user: "anna")
    #expect(trace.text.contains("\n\t(anna, POP-before-SMTP)\n\tby "))
    trace.recipient = nil
    #expect(trace.text.contains(" id 1Q-7;\n\tFri"))
  }

  @Test(
    "No name can end its comment or its line",
    arguments: ["a) by evil", "a\n b: c", "(", "\\", "\u{E9}\u{202E}", "a\\)"])
  func hostileComments(name: String) throws {
    var trace = try Self.trace(client: "a.b")
    for identity in [TraceField.Identity.user(name), .grant(user: name)] {
      trace.identity = identity
      trace.encryption = .init(version: name, cipher: name)
      let field = trace.text
      #expect(field.utf8.count { $0 == .lineFeed } == 6)
      #expect(
        field.utf8.allSatisfy { $0.isVisible || $0 == .space || $0 == .tab || $0 == .lineFeed })
      var cursor = ByteCursor(field)
      _ = cursor.take { $0 != UInt8(ascii: "(") }
      let isWhole = cursor.skipCommentsAndBlanks()
      #expect(isWhole)
      #expect(text(Array(cursor.rest)).hasPrefix("by gw.home.example with"))
    }
  }

  @Test("A long trace field is folded at 78 octets where its words let it")
  func folds() throws {
    var trace = try Self.trace(client: String(repeating: "a", count: 60) + ".b")
    trace.host = try #require(Domain(String(repeating: "b", count: 58) + ".example"))
    trace.encryption = .init(
      version: "TLSv1.2", cipher: String(repeating: "c", count: 60))
    let lines = trace.text.split(separator: "\n")
    #expect(lines.count == 8)
    #expect(lines.allSatisfy { $0.utf8.count <= 78 })
  }

  @Test("A recipient beyond ASCII is named in international messages only")
  func internationalRecipient() throws {
    var trace = try Self.trace(client: "a.b")
    trace.recipient = ForwardPath("<j\u{F6}rg@home.example>", allowsUTF8: true)
    #expect(!trace.text.contains("\tfor "))
    trace.transfer.isInternational = true
    #expect(trace.text.contains("\tfor <j\u{F6}rg@home.example>;"))
    #expect(trace.text.contains(" with UTF8SMTPSA id"))
    trace.recipient = .postmaster
    trace.transfer.isInternational = false
    #expect(trace.text.contains("\tfor <postmaster>;"))
  }

  @Test("Nothing that is escaped can leave its line")
  func escapes() {
    #expect(String(escaping: "plain text \\ ~".utf8) == "plain text \\ ~")
    #expect(String(escaping: "a\r\nb\tc\0".utf8) == "a\\x0d\\x0ab c\\x00")
    #expect(String(escaping: [0x1B, 0x7F, 0xC3, 0xFF]) == "\\x1b\\x7f\\xc3\\xff")
    for byte in UInt8.min...UInt8.max {
      #expect(String(escaping: [byte]).utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }
  }

  @Test("What is escaped keeps within its limit", arguments: [UInt8(ascii: "a"), 0xFF])
  func escapesWithinLimit(byte: UInt8) {
    let escaped = String(escaping: repeatElement(byte, count: 1000), limit: 40)
    #expect((30...40).contains(escaped.utf8.count))
    #expect(escaped.hasSuffix("..."))
  }

  @Test(
    "An enhanced status is read from the start of a text",
    arguments: [
      ("5.1.1 No such user", "5.1.1", "No such user"), ("2.0.0", "2.0.0", ""),
      ("4.450.999 x", "4.450.999", "x"), ("3.1.1 x", nil, "3.1.1 x"), ("5.1 x", nil, "5.1 x"),
      ("5.1.1x", nil, "5.1.1x"), ("5.1.1234 x", nil, "5.1.1234 x"), ("", nil, ""),
      ("192.0.2.1 x", nil, "192.0.2.1 x"), ("5.1.1.1 x", nil, "5.1.1.1 x"),
    ] as [(String, String?, String)])
  func statuses(line: String, status: String?, rest: String) {
    var cursor = ByteCursor(line)
    #expect(EnhancedStatus(parsing: &cursor)?.text == status)
    #expect(text(Array(cursor.rest)) == rest)
  }
}
