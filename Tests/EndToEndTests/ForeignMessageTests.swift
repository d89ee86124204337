import EndToEndSupport
import Foundation
import Testing

/// Messages as programs in the world write them, on their way through to a strict server.
@Suite struct ForeignMessageTests {
  private func gatepost(to server: StrictServer, _ settings: String = "") throws -> Gatepost {
    try Gatepost(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtp://127.0.0.1:\(server.port)
      \(settings)
      """)
  }

  /// Hands in octets with Python's smtplib.
  private func send(
    _ message: String, from sender: String = "alice@home.example",
    to recipients: [String] = ["ann@far.example"], _ gatepost: Gatepost
  ) throws {
    let script = """
      import smtplib, sys
      with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as smtp:
          refused = smtp.sendmail(sys.argv[2], sys.argv[3].split(","), sys.stdin.read())
          print(sorted(refused))
      """
    let run = try Program.run(
      "python3",
      ["-c", script, "\(gatepost.ports.smtp)", sender, recipients.joined(separator: ",")],
      input: message)
    #expect(run.status == 0, "\(run.output)")
  }

  @Test("Long lines are folded for a server that takes none, in a header and in a text")
  func folding() throws {
    let server = try StrictServer()
    let gatepost = try gatepost(to: server)
    let references = (0..<60).map { "<\($0).xxxxxxxxxxxxxxxxxxxxxx@far.example>" }
      .joined(separator: " ")
    let text = (0..<1000).map { "word\($0)" }.joined()
    try send("Subject: x\nReferences: \(references)\n\n\(text)\n.\nend\n", gatepost)
    try gatepost.eventually("it is there") { server.messages.count == 1 }
    let lines = server.messages[0].components(separatedBy: "\r\n")
    #expect(lines.allSatisfy { $0.utf8.count <= 998 })
    let unfolded = server.messages[0].replacingOccurrences(of: "\r\n ", with: "")
    #expect(unfolded.contains("\r\n\r\n\(text)\r\n.\r\nend\r\n"))
    #expect(unfolded.contains("\r\nReferences: \(references)\r\n"))
    #expect(gatepost.queue.isEmpty)
  }

  @Test(
    "A signed message, and one whose route wants it, goes as it came",
    arguments: [("DKIM-Signature: v=1; d=home.example\n", ""), ("", "long-lines = pass")])
  func passing(header: String, setting: String) throws {
    let server = try StrictServer()
    let gatepost = try gatepost(to: server, setting)
    let text = String(repeating: "x", count: 5000)
    try send("\(header)Subject: x\n\n\(text)\n", gatepost)
    try gatepost.waitForLog("failed id=")
    #expect(gatepost.log.contains("500 Line too long"))
    try gatepost.eventually("the sender has it back") { gatepost.maildrop("alice").count == 1 }
    #expect(server.messages.isEmpty)
  }

  @Test("The header behind the line of a mailbox file, or behind a line without a colon, stays one")
  func headers() throws {
    let server = try StrictServer()
    let gatepost = try gatepost(to: server, "[smtp]\nadd-missing-fields = yes")
    for (before, between) in [
      ("From root Tue Dec  1 10:00:00 2026\n", ""), ("", "no colon here\n"),
    ] {
      let count = server.messages.count
      try send(
        "\(before)Subject: cron\n\(between)From: root@home.example\nTo: ann@far.example\n\nbody\n",
        gatepost)
      try gatepost.eventually("it is there") { server.messages.count == count + 1 }
    }
    let script = """
      import email, sys
      parts = sys.stdin.buffer.read().split(b"\\0")
      message = email.message_from_bytes(parts[0])
      assert not message.defects, message.defects
      assert message["Subject"] == "cron" and message["From"] == "root@home.example"
      assert message["X-Mailbox-Line"].startswith("From root Tue Dec")
      assert message["Date"] and message["Message-ID"]
      assert message.get_payload() == "body\\r\\n", message.get_payload()
      """
    let run = try Program.run(
      "python3", ["-c", script], input: server.messages.joined(separator: "\0"))
    #expect(run.status == 0, "\(run.output)")
    let broken = server.messages[1]
    let header = broken.components(separatedBy: "\r\n\r\n")[0]
    for field in ["Subject: cron", "no colon here", "From: root@home.example", "Date: "] {
      #expect(header.contains("\r\n\(field)"))
    }
    #expect(broken.hasSuffix("\r\n\r\nbody\r\n"))
  }

  @Test("A message for people who are there and others that never were is for the former")
  func deadRecipients() throws {
    let server = try StrictServer()
    let gatepost = try gatepost(to: server)
    let recipients = (1...30).flatMap { ["dead\($0)@home.example", "bad \($0)@far.example"] }
    try send(
      "Subject: news\n\nhello\n", from: "printer",
      to: recipients + ["alice", "dots..in.a.row.@far.example"], gatepost)
    try gatepost.eventually("it is there") { server.messages.count == 1 }
    #expect(gatepost.maildrop("alice").count == 1)
    try gatepost.waitForLog(" to=dots..in.a.row.@far.example ")
  }

  @Test("Perl's Net::SMTP and curl say what they say, and it is understood")
  func clients() throws {
    let server = try StrictServer()
    let gatepost = try gatepost(to: server)
    let perl = try Program.run(
      "perl",
      [
        "-MNet::SMTP", "-e",
        """
        my $smtp = Net::SMTP->new("127.0.0.1", Port => $ARGV[0], Hello => "FE80::1") or die "no greeting";
        $smtp->mail("printer") or die $smtp->message;
        $smtp->to('nobody@home.example', 'bob@far.example', { SkipBad => 1 }) or die $smtp->message;
        $smtp->data("Subject: perl\n\nhello\n") or die $smtp->message;
        $smtp->quit;
        """, "\(gatepost.ports.smtp)",
      ])
    #expect(perl.status == 0, "\(perl.output)")
    let file = "\(gatepost.path)/message"
    try "Subject: curl\n\nhello\n".write(toFile: file, atomically: true, encoding: .utf8)
    let curl = try Program.run(
      "curl",
      [
        "-sS", "smtp://127.0.0.1:\(gatepost.ports.smtp)/host.", "--mail-from",
        "cam..1.@home.example",
        "--mail-rcpt", "ann@far.example", "--upload-file", file, "--crlf",
      ])
    #expect(curl.status == 0, "\(curl.output)")
    try gatepost.eventually("both are there") { server.messages.count == 2 }
    let text = server.messages.joined()
    #expect(text.contains("Received: from [IPv6:fe80::1] ([127.0.0.1])"))
    #expect(text.contains("Received: from host ([127.0.0.1])"))
  }
}
