import EndToEndSupport
import Foundation
import Testing

/// The main job: read mail, and be allowed to send for a while.
@Suite struct PopBeforeSMTPTests {
  private let earning = """
    [pop-before-smtp]
    networks = 127.0.0.0/8
    window = 15min
    """

  @Test("A POP3 login lets its address send for a while, and no other address")
  func story() throws {
    let hop = try Hop()
    let gatepost = try Gatepost(hop: hop, earning)
    #expect(try gatepost.swaks(to: "ann@far.example").output.contains("550 5.7.1"))

    #expect(try gatepost.curl().status == 0)
    try gatepost.eventually("the grant is in the whitelist") { gatepost.grants.count == 1 }
    let grant = try #require(gatepost.grants.first).split(separator: " ")
    #expect(grant[..<2] == ["127.0.0.1", "alice"])
    let expires = try #require(grant.compactMap { Double($0) }.max())
    #expect((800...901).contains(expires - Date.now.timeIntervalSince1970))

    #expect(gatepost.log.contains("granted client=127.0.0.1 user=\"alice\" seconds=900"))
    #expect(try gatepost.swaks(to: "ann@far.example").status == 0)
    #expect(gatepost.log.contains(/accepted id=\S+ client=127.0.0.1 by=grant:alice/))
    try gatepost.eventually("the message is at the MX") { hop.messages.count == 1 }
    #expect(hop.messages[0].recipients == ["ann@far.example"])
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }

    let stranger = try gatepost.swaks(to: "ann@far.example", "--local-interface", "127.0.0.2")
    #expect(stranger.output.contains("550 5.7.1"))
    #expect(hop.messages.count == 1)
  }

  @Test("A grant outlives the daemon, even where that is killed")
  func restart() throws {
    let gatepost = try Gatepost(earning)
    #expect(try gatepost.curl().status == 0)
    try gatepost.eventually("the grant is in the whitelist") { gatepost.grants.count == 1 }
    try gatepost.kill()
    try gatepost.start()
    #expect(try gatepost.swaks(to: "ann@far.example").status == 0)
  }

  @Test("Users who share an address send what each of them may, whoever has read mail last")
  func sharedAddress() throws {
    let gatepost = try Gatepost(earning)
    #expect(
      try gatepost.tool("user", "add", "carol", "--password-stdin", input: "secret\n").status == 0)
    for (user, option, value) in [
      ("bob", "--may-relay", "no"), ("carol", "--send-as", "carol@home.example"),
    ] {
      #expect(try gatepost.tool("user", "set", user, option, value).status == 0)
    }
    for user in ["alice:secret", "bob:secret", "carol:secret"] {
      #expect(try gatepost.curl(user: user).status == 0)
    }
    // bob came after alice, and carol after both.
    for sender in ["alice", "carol"] {
      let run = try gatepost.swaks(from: "\(sender)@home.example", to: "ann@far.example")
      #expect(run.status == 0, "\(run.output)")
      #expect(gatepost.log.contains("by=grant:\(sender) from=<\(sender)@home.example>"))
    }
    // The tool does not wait for what they do.
    #expect(try gatepost.tool("whitelist", "add", "127.0.0.1", "alice").status == 0)
    #expect(try gatepost.tool("whitelist", "list").output.split(separator: "\n").count == 2)
    #expect(gatepost.grants.count == 3)
    #expect(try gatepost.tool("whitelist", "export", "postfix").output == "127.0.0.1/32 OK\n")
    #expect(try gatepost.tool("whitelist", "revoke", "alice").status == 0)
    let refused = try gatepost.swaks(to: "ann@far.example")
    #expect(refused.output.contains("550 5.7.1") || refused.output.contains("553 5.7.1"))
  }

  @Test("A wrong password, and a login from where none counts, earn nothing")
  func nothingEarned() throws {
    let gatepost = try Gatepost("[pop-before-smtp]\nnetworks = 127.0.0.3")
    #expect(try gatepost.curl(user: "alice:wrong", "--interface", "127.0.0.3").status != 0)
    #expect(try gatepost.curl().status == 0)
    for address in ["127.0.0.1", "127.0.0.3"] {
      let run = try gatepost.swaks(to: "ann@far.example", "--local-interface", address)
      #expect(run.output.contains("550 5.7.1"))
    }
    #expect(try gatepost.curl("", "--interface", "127.0.0.3").status == 0)
    #expect(
      try gatepost.swaks(to: "ann@far.example", "--local-interface", "127.0.0.3").status == 0)
  }

  @Test("Where no login earns a grant, and what a grant is good for, is as it is configured")
  func configured() throws {
    let gatepost = try Gatepost(earning)
    func configure(_ key: String) throws {
      _ = try gatepost.tool("whitelist", "revoke", "alice")
      try gatepost.configure(earning + "\n" + key)
      try gatepost.reload()
    }
    func mayRelay() throws -> Bool {
      try gatepost.swaks(to: "ann@far.example", "--quit-after", "RCPT").output.contains("250 2.1.5")
    }
    try configure("never = 127.0.0.1")
    #expect(try gatepost.curl().status == 0)
    #expect(try !mayRelay())
    #expect(!gatepost.log.contains("granted "))

    try configure("require-tls = yes")
    #expect(try gatepost.curl().status == 0)
    #expect(try !mayRelay())
    #expect(try gatepost.curl(scheme: "pop3s").status == 0)
    #expect(try mayRelay())

    for (key, text) in [
      ("messages = 2", "2 messages between two logins"),
      ("recipients = 2", "2 recipients between two logins"),
    ] {
      try configure(key)
      #expect(try gatepost.curl().status == 0)
      for _ in 1...2 { #expect(try mayRelay()) }
      #expect(try !mayRelay())
      #expect(gatepost.log.contains(text))
    }

    try configure("[pop3]\nlogin-delay = 60s\nexpire-read = 30d")
    let capabilities = try Program.run(
      "curl",
      ["-sS", "pop3://127.0.0.1:\(gatepost.ports.pop3)/", "-X", "CAPA", "--user", "alice:secret"])
    #expect(capabilities.output.contains("LOGIN-DELAY 60\r\n"))
    #expect(capabilities.output.contains("EXPIRE 30\r\n"))
  }

  @Test(
    "A grant is by the clock that goes on while the machine sleeps",
    .needsRoot("only root can have a clock of its own"))
  func bootClock() throws {
    let gatepost = try Gatepost(earning, isStarted: false)
    // As after a sleep of eleven days: the monotonic clock knows nothing of it.
    try gatepost.start(under: ["unshare", "--time", "--boottime", "1000000"])
    #expect(try gatepost.curl().status == 0)
    try gatepost.eventually("the grant is in the whitelist") { gatepost.grants.count == 1 }
    let end = try #require(Int(gatepost.grants[0].split(separator: " ")[6]))
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    #expect((800...901).contains(end - now.tv_sec - 1_000_000))
  }

  @Test("A network that is listed may relay as soon as the configuration is read again")
  func trusted() throws {
    let gatepost = try Gatepost()
    let arguments = ["--local-interface", "127.0.0.2"]
    #expect(
      try gatepost.swaks(to: "ann@far.example", arguments[0], arguments[1]).output
        .contains("550 5.7.1"))
    try gatepost.configure("[relay]\nnetworks = 127.0.0.2/32")
    try gatepost.reload()
    #expect(try gatepost.swaks(to: "ann@far.example", arguments[0], arguments[1]).status == 0)
    #expect(try gatepost.swaks(to: "ann@far.example").output.contains("550 5.7.1"))
  }

  @Test(
    "An admin gives a grant and ends it, with the tool or with an editor, and it counts at once")
  func admin() throws {
    let gatepost = try Gatepost()
    func mayRelay() throws -> Bool {
      try gatepost.swaks(to: "ann@far.example", "--quit-after", "RCPT").output
        .contains("250 2.1.5")
    }
    #expect(try !mayRelay())
    let added = try gatepost.tool("whitelist", "add", "127.0.0.1", "alice")
    #expect(added.status == 0 && added.output == "127.0.0.1 may send as alice\n")
    #expect(try mayRelay())
    #expect(gatepost.log.contains("whitelist-changed action=add subject=\"127.0.0.1 alice\" uid="))
    #expect(gatepost.grants.count == 1)
    #expect(try gatepost.tool("whitelist").output.hasPrefix("127.0.0.1 alice admin ends in 14min"))
    // A grant has one name of its user, so that it is found when it is to end.
    for name in ["carol", "Alice", "alice@home.example"] {
      #expect(try gatepost.tool("whitelist", "add", "127.0.0.1", name).status == 67)
    }
    for address in ["127.0.0/8", "0.0.0.0", "::"] {
      #expect(try gatepost.tool("whitelist", "add", address, "alice").status == 64)
    }

    let revoked = try gatepost.tool("whitelist", "revoke", "alice")
    #expect(revoked.status == 0 && revoked.output == "alice may not send any more\n")
    #expect(gatepost.grants.isEmpty)
    #expect(try !mayRelay())
    #expect(try gatepost.tool("whitelist", "revoke", "127.0.0.1").status == 66)

    try gatepost.write("127.0.0.1 alice\n", to: "state/whitelist")
    #expect(try mayRelay())
    try gatepost.eventually("the line is written in full") {
      gatepost.grants.first?.split(separator: " ").count == 10
    }
    try gatepost.write("", to: "state/whitelist")
    #expect(try !mayRelay())

    // Nothing can be written where another file should have its name.
    let obstacle = "\(gatepost.path)/state/whitelist.new"
    try FileManager.default.createDirectory(
      atPath: "\(obstacle)/x", withIntermediateDirectories: true)
    let unwritten = try gatepost.tool("whitelist", "add", "127.0.0.1", "alice")
    #expect(unwritten.status == 69)
    #expect(unwritten.output.contains("it is done, but a restart may undo it"))
    #expect(try mayRelay())
    try FileManager.default.removeItem(atPath: obstacle)
    // Without the wait after a failure.
    #expect(try gatepost.tool("whitelist", "add", "127.0.0.1", "alice").status == 0)
    #expect(gatepost.grants.count == 1)
  }

  @Test("A whitelist that cannot be read is not changed by the tool, and not replaced")
  func unreadable() throws {
    let gatepost = try Gatepost(earning)
    #expect(try gatepost.curl().status == 0)
    try gatepost.eventually("the grant is in the whitelist") { gatepost.grants.count == 1 }
    let edited = "127.0.0.9 alice\n"
    let strace = try Program.attach(
      to: gatepost.pid,
      ["-P", "whitelist", "-e", "trace=openat", "-e", "inject=openat:error=EIO", "-o", "/dev/null"])
    try gatepost.write(edited, to: "state/whitelist")
    for arguments in [("revoke", "alice"), ("revoke", "127.0.0.1")] {
      let run = try gatepost.tool("whitelist", arguments.0, arguments.1)
      #expect(run.status == 69)
      #expect(run.output.contains("the whitelist is not changed while its file cannot be read"))
    }
    #expect(try gatepost.tool("whitelist", "add", "127.0.0.8", "alice").status == 69)
    #expect(
      try String(contentsOfFile: "\(gatepost.path)/state/whitelist", encoding: .utf8) == edited)
    #expect(gatepost.log.contains("whitelist cannot be read: "))
    strace.signal(SIGTERM)
    try strace.waitForEnd()
    #expect(try gatepost.tool("whitelist", "revoke", "127.0.0.9").status == 0)
    #expect(gatepost.grants.isEmpty)
  }

  @Test("A user who is removed with the tool has no grant any more")
  func removed() throws {
    let gatepost = try Gatepost(earning)
    #expect(try gatepost.curl().status == 0)
    #expect(try gatepost.swaks(to: "ann@far.example", "--quit-after", "RCPT").status == 0)
    func exported() throws -> String {
      try gatepost.tool("whitelist", "export", "postfix").output
    }
    #expect(try exported() == "127.0.0.1/32 OK\n")
    // Other programs are told who may relay, not who has logged in.
    for (option, value) in [("--may-relay", "no"), ("--disabled", "yes")] {
      #expect(try gatepost.tool("user", "set", "alice", option, value).status == 0)
      #expect(try exported() == "", "\(option)")
      #expect(
        try gatepost.tool("user", "set", "alice", option, value == "no" ? "yes" : "no").status == 0)
    }
    #expect(try exported() == "127.0.0.1/32 OK\n")
    #expect(try gatepost.tool("user", "remove", "alice").status == 0)
    #expect(
      try gatepost.swaks(to: "ann@far.example", "--quit-after", "RCPT").output
        .contains("550 5.7.1"))
    #expect(try exported() == "")
  }
}
