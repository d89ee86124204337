import EndToEndSupport
import Foundation
import Testing

/// Other programs at the Maildir of a POP3 session.
@Suite struct SharedMaildropTests {
  /// The second of four messages has gone, and no number is another's.
  private func expectAllButSecond(_ ids: [String], _ client: Client) throws {
    #expect(try client.list("UIDL") == ids)
    client.send("RETR 2\r\n")
    #expect(try client.line() == "-ERR The message is no longer there")
    for number in [1, 3, 4] {
      #expect(try client.list("RETR \(number)").last == "hello \(number)")
    }
  }

  @Test("mutt works at the same maildrop during a session, and shifts no number and no unique-id")
  func mutt() throws {
    let gatepost = try Gatepost()
    // mutt's numbers are by date.
    let messages = (1...4).map {
      "Date: Mon, 1 Jan 2024 00:00:0\($0) +0000\nSubject: \($0)\n\nhello \($0)\n"
    }
    try gatepost.fill(messages)
    let client = try gatepost.logIn()
    let ids = try client.list("UIDL")
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
    try gatepost.fill(["S: late\n"], from: 50)

    try expectAllButSecond(ids, client)
    client.send("STAT\r\n")
    #expect(try client.line().hasPrefix("+OK 4 "))
    client.send("DELE 1\r\nDELE 2\r\nDELE 3\r\nQUIT\r\n")
    for _ in 0..<4 { #expect(try client.line().hasPrefix("+OK")) }
    #expect(
      Set(gatepost.maildrop("alice")) == [
        "S: late\n", messages[3],
      ])

    let left = ["1 1700000003.x.lan", "2 1700000050.x.lan"]
    var again = try gatepost.logIn()
    #expect(try again.list("UIDL") == left)
    try gatepost.kill()
    try gatepost.start()
    again = try gatepost.logIn()
    #expect(try again.list("UIDL") == left)
  }

  @Test("Dovecot works at the same maildrop during a session, and each finds what the other leaves")
  func dovecot() throws {
    let gatepost = try Gatepost()
    try gatepost.fill((1...4).map { "Subject: \($0)\n\nhello \($0)\n" })
    let path = "\(gatepost.spool)/mail/alice"
    let client = try gatepost.logIn()
    let ids = try client.list("UIDL")
    #expect(try client.list("RETR 1").last == "hello 1")

    #expect(
      try Dovecot.work(at: path, "fetch", "hdr.subject", "mailbox", "INBOX", "all")
        .matches(of: /hdr.subject: \d/).count == 4)
    _ = try Dovecot.work(
      at: path, "flags", "add", #"\Seen \Flagged"#, "mailbox", "INBOX", "uid", "1")
    _ = try Dovecot.work(at: path, "expunge", "mailbox", "INBOX", "uid", "2")
    _ = try Dovecot.work(at: path, "copy", "INBOX", "mailbox", "INBOX", "uid", "3")

    try expectAllButSecond(ids, client)
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
    let again = try gatepost.logIn()
    let left = try again.list("UIDL")
    #expect(left.count == 3)
    #expect(Set(left.map { $0.dropFirst(2) }).isSuperset(of: ids.suffix(2).map { $0.dropFirst(2) }))
    let sizes = try again.list("LIST").map { $0.split(separator: " ")[1] }
    for (index, size) in sizes.enumerated() {
      let lines = try again.list("RETR \(index + 1)")
      #expect(lines.map { $0.utf8.count + 2 }.reduce(0, +) == Int(size))
    }
  }

  @Test(
    "A backup that was merged into a maildrop brings no message twice, and none that is deleted back"
  )
  func mergedBackup() throws {
    let gatepost = try Gatepost()
    let path = "\(gatepost.spool)/mail/alice"
    let messages = (1...4).map { "From: a@far.example\nSubject: \($0)\n\nhello \($0)\n" }
    try gatepost.fill(messages)
    try FileManager.default.copyItem(atPath: path, toPath: "\(gatepost.path)/backup")
    // Dovecot has read two of them since, and one of these is flagged.
    _ = try Dovecot.work(
      at: path, "flags", "add", #"\Seen"#, "mailbox", "INBOX", "uid", "1,2")
    _ = try Dovecot.work(at: path, "flags", "add", #"\Flagged"#, "mailbox", "INBOX", "uid", "2")
    #expect(try Program.run("cp", ["-a", "\(gatepost.path)/backup/.", path]).status == 0)
    let files = gatepost.names(in: "\(path)/new") + gatepost.names(in: "\(path)/cur")
    #expect(files.count > 4)

    let client = try gatepost.logIn()
    #expect(try client.list("UIDL").count == 4)
    client.send("QUIT\r\n")
    let script = """
      import poplib, sys
      def log_in():
          pop = poplib.POP3("127.0.0.1", int(sys.argv[1]))
          pop.user("alice")
          pop.pass_("secret")
          return pop
      pop = log_in()
      count, size = pop.stat()
      assert count == 4, count
      sent = [b"\\r\\n".join(pop.retr(number + 1)[1]) + b"\\r\\n" for number in range(count)]
      assert sum(map(len, sent)) == size
      for number in 1, 2, 4: pop.dele(number)
      pop.quit()
      pop = log_in()
      assert pop.stat()[0] == 1, pop.list()
      assert b"Subject: 3" in pop.retr(1)[1]
      pop.dele(1)
      pop.quit()
      pop = log_in()
      assert pop.stat() == (0, 0)
      """
    let run = try Program.run("python3", ["-c", script, "\(gatepost.ports.pop3)"])
    #expect(run.status == 0, "\(run.output)")
    #expect(gatepost.names(in: "\(path)/new") + gatepost.names(in: "\(path)/cur") == [])
  }
}
