import Testing

@testable import Mail

@Suite("The author of a message is replaced") struct AuthorReplacementTests {
  /// What becomes of `stored` in pieces of that size.
  private func replaced(
    _ stored: String, addsReplyTo: Bool = true, pieceBytes: Int = .max
  ) throws -> String {
    var pass = AuthorReplacement(
      by: try #require(Mailbox("me@isp.example")), addsReplyTo: addsReplyTo)
    var output: [UInt8] = []
    var rest = Array(stored.utf8)[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(pieceBytes))
      pass.process(piece.span, into: &output)
      rest = rest.dropFirst(pieceBytes)
    }
    pass.finish(into: &output)
    return text(output)
  }

  @Test(
    "The name stays, and the author is kept as it was written",
    arguments: [
      (" Anna <a@home.example>", "Anna <me@isp.example>"),
      (" \"Anna <x>, (b)\" <a@home.example>", "\"Anna <x>, (b)\" <me@isp.example>"),
      (" =?utf-8?q?J=C3=B6rg?= <a@home.example>", "=?utf-8?q?J=C3=B6rg?= <me@isp.example>"),
      ("\n Anna\n Maria <a@home.example>", "Anna\n Maria <me@isp.example>"),
      (" a@home.example", "me@isp.example"), (" a@home.example (Anna)", "me@isp.example"),
      (" <a@home.example>", "me@isp.example"), (" (Anna) <a@home.example>", "me@isp.example"),
      (" A <a@home.example>, B <b@home.example>", "me@isp.example"),
      (" \"J. Smith\" <a@home.example>", "\"J. Smith\" <me@isp.example>"),
    ])
  func author(from value: String, expected: String) throws {
    let message = "From:\(value)\nSubject: x\n\nbody\n"
    let wanted =
      "Subject: x\nFrom: \(expected)\nReply-To:\(value)\nAuthor:\(value)\n\nbody\n"
    #expect(try replaced(message) == wanted)
    for size in 1...40 { #expect(try replaced(message, pieceBytes: size) == wanted) }
  }

  @Test(
    "A field that is added is well formed, whatever From looks like",
    arguments: [
      (" Scanner", nil, nil), (" not an address", nil, nil), (" Anna <a@home.example", nil, nil),
      (" Scanner <scanner>", nil, nil), (" ,", nil, nil), (" <>", nil, nil), (" a@b@c.d", nil, nil),
      (" J. Smith <a@b.c>", "\"J. Smith\"", "\"J. Smith\" <a@b.c>"),
      (" Scan@Office <a@b.c>", "\"Scan@Office\"", "\"Scan@Office\" <a@b.c>"),
      (" M\u{FC}ller, Hans <a@b.c>", "Hans", "Hans <a@b.c>"),
      (" a..b.@b.c", nil, "\"a..b.\"@b.c"),
      (" Team: a@b.c, B <d@e.f>;", nil, "a@b.c,\n B <d@e.f>"),
      (" a@b.c, Scanner", nil, "a@b.c"), (" a@b.c,", nil, "a@b.c"),
      (" C:\\scan <a@b.c>", "\"scan\"", "\"scan\" <a@b.c>"),
    ] as [(String, String?, String?)])
  func wellFormed(value: String, name: String?, added: String?) throws {
    let from = name.map { "\($0) <me@isp.example>" } ?? "me@isp.example"
    let fields = added.map { "Reply-To: \($0)\nAuthor: \($0)\n" } ?? ""
    let message = "From:\(value)\n\n"
    for size in 1...message.utf8.count {
      #expect(try replaced(message, pieceBytes: size) == "From: \(from)\n\(fields)\n")
    }
  }

  @Test(
    "What is there already is not added again",
    arguments: [
      (
        "reply-to: r@x\nFrom: a@b.example\n\n",
        "reply-to: r@x\nFrom: me@isp.example\nAuthor: a@b.example\n\n"
      ),
      (
        "From: a@b.example\nAUTHOR: first@x.example\n\n",
        "AUTHOR: first@x.example\nFrom: me@isp.example\nReply-To: a@b.example\n\n"
      ),
      (
        "From: Me <ME@isp.example>\n\n",
        "From: Me <me@isp.example>\nReply-To: Me <ME@isp.example>\nAuthor: Me <ME@isp.example>\n\n"
      ),
      ("From: Me <me@isp.example>\n\n", "From: Me <me@isp.example>\n\n"),
      ("Subject: x\n\n", "Subject: x\nFrom: me@isp.example\n\n"),
      ("From:\n\nbody", "From: me@isp.example\n\nbody"),
      (
        "From: a@b.example\nFrom: c@d.example\n\n",
        "From: me@isp.example\nReply-To: a@b.example\nAuthor: a@b.example\n\n"
      ),
      (
        "Sender: s@b.example\nfrom : a@b.example\nSender: t@b.example\n\n",
        "From: me@isp.example\nSender: me@isp.example\nReply-To: a@b.example\nAuthor: a@b.example\n\n"
      ),
    ])
  func present(message: String, expected: String) throws {
    #expect(try replaced(message) == expected)
    for size in 1...9 { #expect(try replaced(message, pieceBytes: size) == expected) }
  }

  @Test("Whoever wants no Reply-To gets none")
  func noReplyTo() throws {
    #expect(
      try replaced("From: a@b.example\n\n", addsReplyTo: false)
        == "From: me@isp.example\nAuthor: a@b.example\n\n")
  }

  @Test(
    "A header that ends otherwise than with an empty line ends all the same",
    arguments: [
      ("", "From: me@isp.example\n"), ("Subject: x", "Subject: x\nFrom: me@isp.example\n"),
      ("From: a@b.example", "From: me@isp.example\nReply-To: a@b.example\nAuthor: a@b.example\n"),
      ("no header\nFrom: a@b.example\n", "From: me@isp.example\n\nno header\nFrom: a@b.example\n"),
      ("\nFrom: a@b.example\n", "From: me@isp.example\n\nFrom: a@b.example\n"),
      ("From", "From: me@isp.example\n\nFrom"),
    ])
  func ends(message: String, expected: String) throws {
    #expect(try replaced(message) == expected)
    for size in 1...9 { #expect(try replaced(message, pieceBytes: size) == expected) }
  }

  @Test("A value that is too long is told nowhere, and takes no memory", arguments: [0, 1])
  func long(excess: Int) throws {
    let end = " <anna@home.example>\n"
    let value =
      " " + String(repeating: "x", count: Limits.fieldValueBytes - end.utf8.count - 1 + excess)
      + end
    try #require(value.utf8.count == Limits.fieldValueBytes + excess)
    let result = try replaced("From:" + value + "\nbody")
    #expect(result.contains("Author:") == (excess == 0))
    #expect(result.hasPrefix("From: ") && result.hasSuffix("\n\nbody"))
  }

  @Test("What is added is never more than is said")
  func added() throws {
    let long = String(repeating: "\n ", count: 500)
    let domain = try #require(Domain(String(repeating: "a.", count: 120) + "example"))
    let quotes = String(repeating: "\"", count: 255)
    let mailbox = try #require(Mailbox(localPart: quotes, domain: domain))
    var pass = AuthorReplacement(by: mailbox, addsReplyTo: true)
    let message = "Sender: x\nFrom: A\(long)<a@b.example>\n\n"
    var output: [UInt8] = []
    pass.process(Array(message.utf8).span, into: &output)
    #expect(output.count > message.utf8.count + 2000)
    #expect(
      encoded(output).count <= encoded(Array(message.utf8)).count + AuthorReplacement.addedBytes)
  }
}
