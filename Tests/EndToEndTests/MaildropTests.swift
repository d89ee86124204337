import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// The POP3 drop as its users have it: with other people's clients, other programs at the same Maildir,
/// two clients at a time, and a daemon that dies.
@Suite struct MaildropTests {
  /// Puts messages into the maildrop of alice, as the delivery of another program does.
  private func fill(_ gatepost: Gatepost, _ messages: [String], from first: Int = 0) throws {
    let folder = "\(gatepost.spool)/mail/alice"
    for name in ["tmp", "cur", "new"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    for (index, content) in messages.enumerated() {
      let name = "\(1_700_000_000 + first + index).x.lan"
      try Data(content.utf8).write(to: URL(filePath: "\(folder)/new/\(name)"))
    }
  }

  private func logIn(_ gatepost: Gatepost, windowBytes: Int32? = nil) throws -> Client {
    let client = try Client(port: gatepost.ports.pop3, windowBytes: windowBytes)
    #expect(try client.line().hasPrefix("+OK"))
    client.send("USER alice\r\nPASS secret\r\n")
    #expect(try client.line().hasPrefix("+OK"))
    #expect(try client.line().hasPrefix("+OK"))
    return client
  }

  /// The lines of a reply up to the lone dot, without the first.
  private func list(_ client: Client, _ command: String) throws -> [String] {
    client.send("\(command)\r\n")
    try #require(try client.line().hasPrefix("+OK"))
    var lines: [String] = []
    while let line = try Optional(client.line()), line != ".", line != "<closed>" {
      lines.append(line)
    }
    return lines
  }

  @Test(
    "Python's poplib does all it can, in clear, after STLS and with TLS from the start",
    arguments: ["clear", "stls", "pop3s"])
  func poplib(mode: String) throws {
    let gatepost = try Gatepost()
    try fill(gatepost, ["S: one\n", "S: two\n\n.dot\n..\nend", "S: three\n\nx\n"])
    let script = """
      import poplib, ssl, sys
      mode, port = sys.argv[1], int(sys.argv[2])
      context = ssl._create_unverified_context()
      if mode == "pop3s":
          pop = poplib.POP3_SSL("127.0.0.1", port, context=context)
      else:
          pop = poplib.POP3("127.0.0.1", port)
      assert pop.getwelcome().startswith(b"+OK")
      if mode == "stls":
          assert "STLS" in pop.capa()
          pop.stls(context=context)
      capa = pop.capa()
      assert {"TOP", "UIDL", "USER", "PIPELINING", "UTF8"} <= capa.keys(), capa
      assert pop.utf8().startswith(b"+OK")
      pop.user("alice")
      try:
          pop.pass_("wrong")
          raise SystemExit("a wrong password was taken")
      except poplib.error_proto as error:
          assert b"[AUTH]" in error.args[0], error
      pop.user("alice")
      pop.pass_("secret")
      assert pop.stat() == (3, 8 + 25 + 15), pop.stat()
      assert pop.list()[1] == [b"1 8", b"2 25", b"3 15"], pop.list()
      assert pop.list(2) == b"+OK 2 25", pop.list(2)
      ids = [line.split()[1] for line in pop.uidl()[1]]
      assert ids == [b"1700000000.x.lan", b"1700000001.x.lan", b"1700000002.x.lan"], ids
      assert pop.uidl(3).split()[2] == ids[2]
      assert pop.retr(1)[1] == [b"S: one"], pop.retr(1)
      assert pop.retr(2)[1] == [b"S: two", b"", b".dot", b"..", b"end"], pop.retr(2)
      assert pop.top(2, 1)[1] == [b"S: two", b"", b".dot"], pop.top(2, 1)
      assert pop.top(3, 0)[1] == [b"S: three", b""], pop.top(3, 0)
      pop.noop()
      pop.dele(1)
      pop.dele(3)
      assert pop.stat() == (1, 25), pop.stat()
      pop.rset()
      assert pop.stat()[0] == 3
      try:
          pop.retr(4)
          raise SystemExit("there is no message 4")
      except poplib.error_proto:
          pass
      pop.dele(2)
      assert pop.quit().startswith(b"+OK")
      """
    let port = mode == "pop3s" ? gatepost.ports.pop3s : gatepost.ports.pop3
    let run = try Program.run("python3", ["-c", script, mode, "\(port)"])
    #expect(run.status == 0, "\(run.output)")
    #expect(gatepost.maildrop("alice").sorted() == ["S: one\n", "S: three\n\nx\n"])
  }

  @Test("APOP is for users with a plain secret, where it is switched on")
  func apop() throws {
    let gatepost = try Gatepost("[pop3]\napop = yes\n[pop-before-smtp]\nnetworks = 127.0.0.0/8")
    let added = try Program.run(
      "gatepost",
      [
        "-c", "\(gatepost.path)/gatepost.conf", "user", "add", "old", "--password-stdin",
        "--plain-secret",
      ], input: "secret\n")
    #expect(added.status == 0)
    let script = """
      import poplib, sys
      seen = set()
      for user, secret, isRight in [("old", "secret", True), ("old", "wrong", False),
                                    ("alice", "secret", False), ("nobody", "secret", False)]:
          pop = poplib.POP3("127.0.0.1", int(sys.argv[1]))
          seen.add(pop.getwelcome())
          try:
              pop.apop(user, secret)
              assert isRight, user
              assert pop.stat() == (0, 0)
              pop.quit()
          except poplib.error_proto as error:
              assert not isRight and b"[AUTH]" in error.args[0], (user, error)
      assert len(seen) == 4, "each greeting has a timestamp of its own"
      """
    let run = try Program.run("python3", ["-c", script, "\(gatepost.ports.pop3)"])
    #expect(run.status == 0, "\(run.output)")
    try gatepost.eventually("the grant is in the whitelist") { gatepost.grants.count == 1 }
    #expect(gatepost.grants[0].hasPrefix("127.0.0.1 old APOP "))

    try gatepost.configure("")
    try gatepost.reload()
    let client = try Client(port: gatepost.ports.pop3)
    #expect(try client.line() == "+OK gw.home.example POP3 server ready")
    client.send("APOP old \(String(repeating: "0", count: 32))\r\n")
    #expect(try client.line() == "-ERR APOP is not offered")
  }

  @Test("Of two clients at the same moment one has the maildrop, and a lost connection frees it")
  func race() throws {
    let gatepost = try Gatepost()
    try fill(gatepost, ["S: one\n"])
    for _ in 0..<20 {
      let clients = try (0..<2).map { _ in try Client(port: gatepost.ports.pop3) }
      for client in clients { #expect(try client.line().hasPrefix("+OK")) }
      for client in clients { client.send("USER alice\r\nPASS secret\r\n") }
      let replies = try clients.map { client in
        #expect(try client.line().hasPrefix("+OK"))
        return try client.line().prefix(13)
      }
      #expect(replies.filter { $0.hasPrefix("+OK") }.count == 1)
      #expect(replies.filter { $0 == "-ERR [IN-USE]" }.count == 1)
      // Neither says QUIT.
    }
    try gatepost.eventually("the last one has left it") {
      let client = try Client(port: gatepost.ports.pop3)
      _ = try client.line()
      client.send("USER alice\r\nPASS secret\r\n")
      _ = try client.line()
      return try client.line().hasPrefix("+OK")
    }
    #expect(gatepost.maildrop("alice").count == 1)
  }

  @Test(
    "However often the daemon is killed, no other message is lost and none that has gone returns")
  func kill() throws {
    let gatepost = try Gatepost()
    var random = FixedRandom(seed: 7)
    /// Those that must be there, and those that may be.
    var (safe, doubtful): (Set<String>, Set<String>) = ([], [])
    var next = 0
    var goodbyes = 0
    for round in 0..<12 {
      try fill(gatepost, (next..<next + 30).map { "S: \($0)\n" }, from: next)
      safe.formUnion((next..<next + 30).map { "S: \($0)\n" })
      next += 30
      let client = try logIn(gatepost)
      let numbers = try list(client, "UIDL").map { line in
        let fields = line.split(separator: " ")
        return (fields[0], Int(fields[1].prefix { $0 != "." }).map { $0 - 1_700_000_000 } ?? -1)
      }
      let chosen = numbers.filter { _ in Bool.random(using: &random) }
      client.send(chosen.map { "DELE \($0.0)\r\n" }.joined() + "QUIT\r\n")
      let names = Set(chosen.map { "S: \($0.1)\n" })
      safe.subtract(names)
      doubtful.formUnion(names)
      // At any reply, and most often just before or after the last one.
      let count = min(chosen.count + 1, Int.random(in: 0...2 * chosen.count, using: &random))
      for _ in 0..<min(count, chosen.count) { #expect(try client.line().hasPrefix("+OK")) }
      if count > chosen.count || round % 4 == 3 {
        for _ in min(count, chosen.count)..<chosen.count {
          #expect(try client.line().hasPrefix("+OK"))
        }
        if try client.line() == "+OK Goodbye" {
          doubtful.subtract(names)
          goodbyes += 1
        }
      }
      try gatepost.kill()
      let left = Set(gatepost.maildrop("alice"))
      #expect(safe.isSubset(of: left))
      #expect(left.isSubset(of: safe.union(doubtful)))
      doubtful = left.subtracting(safe)
      try gatepost.start()
    }
    #expect(goodbyes > 0 && goodbyes < 12)
  }

  @Test("mutt works at the same maildrop during a session, and shifts no number and no unique-id")
  func mutt() throws {
    let gatepost = try Gatepost()
    // mutt's numbers are by date.
    let messages = (1...4).map {
      "Date: Mon, 1 Jan 2024 00:00:0\($0) +0000\nSubject: \($0)\n\nhello \($0)\n"
    }
    try fill(gatepost, messages)
    let client = try logIn(gatepost)
    let ids = try list(client, "UIDL")
    #expect(ids.count == 4)
    // Message 1 is marked, which moves it to cur, and message 2 is removed.
    let keys = "<jump>1<enter><set-flag>!<jump>2<enter><delete-message><sync-mailbox><quit>"
    let script = """
      import os, pty, sys
      pid, terminal = pty.fork()
      if pid == 0:
          os.execvp(sys.argv[1], sys.argv[1:])
      try:
          while os.read(terminal, 4096):
              pass
      except OSError:
          pass
      sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
      """
    let run = try Program.run(
      "env",
      [
        "TERM=xterm", "HOME=\(gatepost.path)", "python3", "-c", script, "mutt", "-n", "-F",
        "/dev/null", "-f", "\(gatepost.spool)/mail/alice", "-e",
        "set quit=yes delete=yes mark_old=no; push \"\(keys)\"",
      ])
    #expect(run.status == 0)
    let files = try FileManager.default.subpathsOfDirectory(atPath: "\(gatepost.spool)/mail/alice")
    #expect(
      files.contains("new/1700000000.x.lan:2,F") || files.contains("cur/1700000000.x.lan:2,F"))
    #expect(gatepost.maildrop("alice").count == 3)
    try fill(gatepost, ["S: late\n"], from: 50)

    #expect(try list(client, "UIDL") == ids)
    client.send("STAT\r\nRETR 2\r\n")
    #expect(try client.line().hasPrefix("+OK 4 "))
    #expect(try client.line() == "-ERR The message is no longer there")
    for number in [1, 3, 4] {
      #expect(try list(client, "RETR \(number)").last == "hello \(number)")
    }
    client.send("DELE 1\r\nDELE 2\r\nDELE 3\r\nQUIT\r\n")
    for _ in 0..<4 { #expect(try client.line().hasPrefix("+OK")) }
    #expect(
      Set(gatepost.maildrop("alice")) == [
        "S: late\n", messages[3],
      ])

    let left = ["1 1700000003.x.lan", "2 1700000050.x.lan"]
    var again = try logIn(gatepost)
    #expect(try list(again, "UIDL") == left)
    try gatepost.kill()
    try gatepost.start()
    again = try logIn(gatepost)
    #expect(try list(again, "UIDL") == left)
  }

  @Test("Dovecot works at the same maildrop during a session, and each finds what the other leaves")
  func dovecot() throws {
    let gatepost = try Gatepost()
    try fill(gatepost, (1...4).map { "Subject: \($0)\n\nhello \($0)\n" })
    let path = "\(gatepost.spool)/mail/alice"
    let client = try logIn(gatepost)
    let ids = try list(client, "UIDL")
    #expect(try list(client, "RETR 1").last == "hello 1")

    #expect(
      try Dovecot.work(at: path, "fetch", "hdr.subject", "mailbox", "INBOX", "all")
        .matches(of: /hdr.subject: \d/).count == 4)
    _ = try Dovecot.work(
      at: path, "flags", "add", #"\Seen \Flagged"#, "mailbox", "INBOX", "uid", "1")
    _ = try Dovecot.work(at: path, "expunge", "mailbox", "INBOX", "uid", "2")
    _ = try Dovecot.work(at: path, "copy", "INBOX", "mailbox", "INBOX", "uid", "3")

    #expect(try list(client, "UIDL") == ids)
    client.send("RETR 2\r\n")
    #expect(try client.line() == "-ERR The message is no longer there")
    for number in [1, 3, 4] {
      #expect(try list(client, "RETR \(number)").last == "hello \(number)")
    }
    client.send("DELE 1\r\nDELE 2\r\nQUIT\r\n")
    for _ in 0..<3 { #expect(try client.line().hasPrefix("+OK")) }

    // Messages 3 and 4 were read, and Dovecot has copied 3.
    #expect(
      try Dovecot.work(at: path, "fetch", "hdr.subject flags", "mailbox", "INBOX", "all")
        .replacing("\n", with: ",").matches(of: /hdr.subject: ([34])/).map { $0.1 }.sorted()
        == ["3", "3", "4"])
    #expect(
      try Dovecot.work(at: path, "fetch", "hdr.subject", "mailbox", "INBOX", "seen")
        .matches(of: /hdr.subject: [34]/).count >= 2)
    let again = try logIn(gatepost)
    let left = try list(again, "UIDL")
    #expect(left.count == 3)
    #expect(Set(left.map { $0.dropFirst(2) }).isSuperset(of: ids.suffix(2).map { $0.dropFirst(2) }))
    let sizes = try list(again, "LIST").map { $0.split(separator: " ")[1] }
    for (index, size) in sizes.enumerated() {
      let lines = try list(again, "RETR \(index + 1)")
      #expect(lines.map { $0.utf8.count + 2 }.reduce(0, +) == Int(size))
    }
  }

  @Test(
    "Odd content arrives as it is, with CRLF and dots, and is as long as was said",
    arguments: [
      ("S: nul\n\na\0b\n", "S: nul\r\n\r\na\0b\r\n"),
      ("S: no end\n\nx", "S: no end\r\n\r\nx\r\n"),
      ("S: crlf\r\n\r\nx\r\n", "S: crlf\r\n\r\nx\r\n"),
      // The last CR is half an end of line.
      ("S: cr\n\na\rb\r", "S: cr\r\n\r\na\rb\r\n"),
      ("S: dots\n\n.\n..\n.x\n", "S: dots\r\n\r\n..\r\n...\r\n..x\r\n"),
      (
        "S: long\n\n" + String(repeating: "x", count: 1 << 20) + "\ny\n",
        "S: long\r\n\r\n" + String(repeating: "x", count: 1 << 20) + "\r\ny\r\n"
      ),
      ("", ""),
    ])
  func content(stored: String, wire: String) throws {
    let gatepost = try Gatepost()
    try fill(gatepost, [stored])
    let run = try Program.run(
      "python3",
      [
        "-c",
        """
        import socket, sys
        connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        connection.sendall(b"USER alice\\r\\nPASS secret\\r\\nLIST 1\\r\\nRETR 1\\r\\nQUIT\\r\\n")
        data = b""
        while piece := connection.recv(1 << 16):
            data += piece
        sys.stdout.buffer.write(data)
        """, "\(gatepost.ports.pop3)",
      ])
    // The dots of stuffing do not count (RFC 1939 §11).
    let stuffing = wire.components(separatedBy: "\r\n").count { $0.hasPrefix(".") }
    let bytes = wire.utf8.count - stuffing
    #expect(
      run.output.hasSuffix(
        "+OK 1 \(bytes)\r\n+OK \(bytes) octets\r\n\(wire).\r\n+OK Goodbye\r\n"))
  }

  @Test("A message of 50 MB leaves no trace in memory on its way")
  func large() throws {
    let gatepost = try Gatepost()
    let line = String(repeating: "x", count: 99_999) + "\n"
    let count = 500
    try fill(gatepost, ["S: small\n"])
    let client = try logIn(gatepost, windowBytes: 64 << 10)
    #expect(try list(client, "RETR 1") == ["S: small"])
    client.send("QUIT\r\n")
    #expect(try client.line() == "+OK Goodbye")
    try fill(gatepost, [String(repeating: line, count: count)], from: 1)
    let before = try gatepost.anonymousBytes()
    let reader = try logIn(gatepost, windowBytes: 64 << 10)
    reader.send("RETR 2\r\n")
    #expect(try reader.line() == "+OK \(count * 100_001) octets")
    var most = 0
    for number in 0..<count {
      #expect(try reader.line().utf8.count == 99_999)
      if number % 50 == 0 { most = max(most, try gatepost.anonymousBytes()) }
    }
    #expect(try reader.line() == ".")
    #expect(most - before < 1 << 20)
  }
}
