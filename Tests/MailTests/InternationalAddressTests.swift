import Testing

@testable import Mail

@Suite("Addresses beyond ASCII")
struct InternationalAddressTests {
  @Test(
    "A label is encoded as RFC 3492 has it",
    arguments: [
      ("ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"),
      ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
      ("למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"),
      ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
      ("TạisaohọkhôngthểchỉnóitiếngViệt", "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g"),
      ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
      ("そのスピードで", "d9juau41awczczp"),
      ("-> $1.00 <-", "-> $1.00 <--"), ("ü", "tda"), ("bücher", "bcher-kva"),
    ])
  func encodes(label: String, encoded: String) {
    #expect(text(Punycode.encode(Array(label.unicodeScalars))) == encoded)
  }

  @Test(
    "A domain is kept in its ASCII form",
    arguments: [
      ("bücher.example", "xn--bcher-kva.example"), ("BÜCHER.Example", "xn--bcher-kva.example"),
      ("mail.bücher。example．org｡", nil), ("bücher。example．org", "xn--bcher-kva.example.org"),
      ("faß.example", "xn--fa-hia.example"), ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
      ("a.b。c", "a.b.c"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
      ("ü_x.example", nil), ("-ü.example", nil), ("ü-.example", nil), ("aü--b.example", nil),
      ("ab--ü.example", nil), ("\u{301}a.example", nil), ("a\u{301}.example", "xn--a-xbb.example"),
      ("ü\u{200D}.example", nil), ("a\u{202E}b.example", nil), ("\u{85}.example", nil),
      ("\u{212A}.example", nil), ("ａ.example", nil), ("𝐚.example", nil), ("📮.example", nil),
      ("ü..example", nil), ("。example", nil), ("ü.123", nil), ("ü b.example", nil),
      ("\u{378}.example", nil), ("\u{FFFD}.example", nil), ("ü@b.example", nil),
      ("[ü]", nil), (String(repeating: "ü", count: 60) + ".example", nil),
    ] as [(String, String?)])
  func domains(name: String, ascii: String?) {
    #expect(Domain(ArraySlice(name.utf8), allowsUTF8: true)?.text == ascii)
    if name.utf8.contains(where: { $0 >= 0x80 }) { #expect(Domain(name) == nil) }
  }

  @Test("A label has no more than 63 octets once it is encoded")
  func longLabels() {
    let accepted = (1...80).map { count in
      Domain(ArraySlice((String(repeating: "ü", count: count) + ".example").utf8), allowsUTF8: true)
    }
    let longest = accepted.compactMap { $0?.text.utf8.prefix { $0 != .dot }.count }.max()
    #expect(longest == 63)
    #expect(accepted.last == .some(nil))
  }

  @Test(
    "A mailbox may be beyond ASCII where that is asked for, and only there",
    arguments: [
      ("jörg@a.b", "jörg@a.b"), ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
      ("\"jö rg\"@a.b", "\"jö rg\"@a.b"), ("用户@例え.テスト", "用户@xn--r8jz45g.xn--zckzah"),
      ("Jörg.Ä@a.b", "Jörg.Ä@a.b"), ("ä..b.@a.b", "ä..b.@a.b"), ("\"é\"@a.b", "é@a.b"),
      ("📮@a.b", "📮@a.b"),
      ("joe@bücher.example", "joe@xn--bcher-kva.example"), ("ü@[192.0.2.1]", "ü@[192.0.2.1]"),
    ])
  func mailboxes(text: String, canonical: String) throws {
    let mailbox = try #require(Mailbox(text, allowsUTF8: true))
    #expect(mailbox.text.utf8.elementsEqual(canonical.utf8))
    #expect(Mailbox(mailbox.text, allowsUTF8: true) == mailbox)
    #expect(Mailbox(text) == nil)
    #expect(mailbox.isASCII == mailbox.text.utf8.allSatisfy { $0 < 0x80 })
    #expect(ForwardPath("<\(text)>", allowsUTF8: true)?.text == "<\(canonical)>")
    #expect(ReversePath("<\(text)>", allowsUTF8: true)?.text == "<\(canonical)>")
    #expect(ReversePath("<\(text)>") == nil)
  }

  @Test(
    "What is beyond ASCII and no harmless text is refused",
    arguments: [
      "a\u{85}@b.c", "a\u{9B}1m@b.c", "\"a\u{80}\"@b.c", "a\u{202E}b@c.d", "a\u{200E}@b.c",
      "a\u{200F}@b.c", "a\u{202A}@b.c", "a\u{2066}@b.c", "\"a\u{2069}\"@b.c", "a\u{61C}@b.c",
      "a\u{2028}@b.c", "a\u{2029}@b.c", "ä b@c.d", "\"\\ä\"@b.c", "ä@", "ä",
      "ä@ü b", String(repeating: "ä", count: Limits.localPartBytes / 2 + 1) + "@b.c",
    ])
  func badMailboxes(text: String) {
    #expect(Mailbox(text, allowsUTF8: true) == nil)
  }

  @Test(
    "What is no UTF-8 is refused",
    arguments: [[0xE4], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]])
  func badEncodings(octets: [UInt8]) {
    for address in [octets + Array("@a.b".utf8), Array("a@".utf8) + octets + Array(".b".utf8)] {
      var cursor = ByteCursor(address[...])
      #expect(Mailbox(parsing: &cursor, allowsUTF8: true) == nil)
    }
  }

  @Test("A local part is as long as its octets are many")
  func longLocalPart() {
    let local = String(repeating: "ä", count: Limits.localPartBytes / 2) + "a"
    #expect(Mailbox(local + "@b.c", allowsUTF8: true) != nil)
    #expect(Mailbox(local + "a@b.c", allowsUTF8: true) == nil)
  }

  @Test("Two spellings of a letter are two mailboxes, as only their domain can tell")
  func spellings() throws {
    let composed = try #require(Mailbox("\u{E9}@a.b", allowsUTF8: true))
    let decomposed = try #require(Mailbox("e\u{301}@a.b", allowsUTF8: true))
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed, composed]).count == 2)
  }

  @Test(
    "A path without brackets is a whole mailbox up to a space",
    arguments: [
      ("a@b.c", "<a@b.c>", ""), ("a@b.c SIZE=1", "<a@b.c>", " SIZE=1"), ("<a@b.c>", "<a@b.c>", ""),
      ("<@x.y:a@b.c> X", "<a@b.c>", " X"), ("\"a b\"@c.d x", "<\"a b\"@c.d>", " x"),
      ("ä@b.c", "<ä@b.c>", ""), ("", nil, nil), ("a", nil, nil), ("postmaster", nil, nil),
      ("a@b.c>", nil, nil), ("<a@b.c", nil, nil), ("a@b.c,d@e.f", nil, nil), ("a b@c.d", nil, nil),
      ("SIZE=1", nil, nil), (" a@b.c", nil, nil), ("@x.y:a@b.c", nil, nil), ("a@b.c\tx", nil, nil),
    ] as [(String, String?, String?)])
  func barePaths(line: String, path: String?, rest: String?) {
    var cursor = ByteCursor(line)
    #expect(ForwardPath(looselyParsing: &cursor, allowsUTF8: true)?.text == path)
    if let rest { #expect(text(Array(cursor.rest)) == rest) }
    guard !line.isEmpty else { return }
    cursor = ByteCursor(line)
    #expect(ReversePath(looselyParsing: &cursor, allowsUTF8: true)?.text == path)
  }

  @Test("Only a reverse path may be left out, and only with all that could follow it")
  func nothingAtAll() {
    var cursor = ByteCursor("")
    #expect(ReversePath(looselyParsing: &cursor) == .null)
    #expect(ForwardPath(looselyParsing: &cursor) == nil)
    cursor = ByteCursor(" SIZE=1")
    #expect(ReversePath(looselyParsing: &cursor) == nil)
    cursor = ByteCursor("<>")
    #expect(ReversePath(looselyParsing: &cursor) == .null)
  }
}
