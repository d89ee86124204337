import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// The POP3 drop as its users have it: with other people's clients, other programs at the same Maildir,
/// two clients at a time, and a daemon that dies.
@Suite struct MaildropTests {
  @Test(
    "Python's poplib does all it can, in clear, after STLS and with TLS from the start",
    arguments: ["clear", "stls", "pop3s"])
  func poplib(mode: String) throws {
    let gatepost = try Gatepost()
    try gatepost.fill(["S: one\n", "S: two\n\n.dot\n..\nend", "S: three\n\nx\n"])
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
    let gatepost = try Gatepost(
      "[pop3]\napop = 127.0.0.1\n[pop-before-smtp]\nnetworks = 127.0.0.0/8")
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
    let elsewhere = try Client(port: gatepost.ports.pop3, from: "127.0.0.2")
    #expect(try elsewhere.line() == "+OK gw.home.example POP3 server ready")
    // The same secret serves SCRAM.
    let proved = try Program.run(
      "gsasl",
      [
        "--smtp", "--connect=127.0.0.1:\(gatepost.ports.submission)", "--x509-ca-file=",
        "--mechanism=SCRAM-SHA-256-PLUS", "--authentication-id=old", "--password=secret",
        "--verbose",
      ])
    #expect(proved.status == 0, "\(proved.output)")
    #expect(proved.output.contains("server trusted"))
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
    try gatepost.fill(["S: one\n"])
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
    "However often the daemon is killed while mail comes in, no other message is lost and none that has gone returns"
  )
  func kill() throws {
    let gatepost = try Gatepost()
    var random = FixedRandom(seed: 7)
    /// Those that must be there, and those that may be.
    var (safe, doubtful): (Set<Int>, Set<Int>) = ([], [])
    var next = 0
    var goodbyes = 0
    var delivered = 0
    for round in 0..<12 {
      try gatepost.fill((next..<next + 30).map { "S: \($0)\n" }, from: next)
      safe.formUnion(next..<next + 30)
      next += 30
      let sender = SteadySender(port: gatepost.ports.smtp, from: 1000 * (round + 1))
      if round % 3 > 0 {
        try gatepost.eventually("mail comes in") { sender.count > round }
      }
      let client = try gatepost.logIn()
      let numbers = try client.list("UIDL").compactMap {
        line -> (message: Substring, name: Int)? in
        let fields = line.split(separator: " ")
        // Of those that the sender has handed in nothing is known but that they are there.
        guard fields[1].hasSuffix(".x.lan"), let time = Int(fields[1].prefix { $0 != "." }) else {
          return nil
        }
        return (fields[0], time - 1_700_000_000)
      }
      let chosen = numbers.filter { _ in Bool.random(using: &random) }
      client.send(chosen.map { "DELE \($0.message)\r\n" }.joined() + "QUIT\r\n")
      let names = Set(chosen.map(\.name))
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
      let sent = sender.result()
      delivered += sent.accepted.count
      safe.formUnion(sent.accepted)
      if let number = sent.doubtful { doubtful.insert(number) }
      let found = gatepost.maildrop("alice").map(number)
      let left = Set(found)
      #expect(found.count == left.count, "none is there twice")
      #expect(safe.isSubset(of: left))
      #expect(left.isSubset(of: safe.union(doubtful)))
      doubtful = left.subtracting(safe)
      try gatepost.start()
    }
    #expect(goodbyes > 0 && goodbyes < 12)
    #expect(delivered > 50)
  }

  /// What the field `S:` of a message says; -1 where there is none.
  private func number(_ message: String) -> Int {
    message.split(separator: "\n").compactMap { line in
      line.hasPrefix("S: ") ? Int(line.dropFirst(3)) : nil
    }.first ?? -1
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
    try gatepost.fill([stored])
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
    try gatepost.fill(["S: small\n"])
    let client = try gatepost.logIn(windowBytes: 64 << 10)
    #expect(try client.list("RETR 1") == ["S: small"])
    client.send("QUIT\r\n")
    #expect(try client.line() == "+OK Goodbye")
    try gatepost.fill([String(repeating: line, count: count)], from: 1)
    let before = try gatepost.anonymousBytes()
    let reader = try gatepost.logIn(windowBytes: 64 << 10)
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
