import Accounts
import Foundation
import Testing

@Suite struct `gatepost user` {
  private let tool: Tool

  init() throws { tool = try Tool() }

  private func done(_ output: String) -> Tool.Run {
    Tool.Run(status: 0, output: output, complaint: "")
  }

  private func refused(_ status: Int32, _ complaint: String) -> Tool.Run {
    Tool.Run(status: status, output: "", complaint: "gatepost: \(complaint)\n")
  }

  private func verifier(of name: String) throws -> SCRAMVerifier {
    let user = try UsersFile.read(path: tool.path("users")).user(#require(UserName(name)))
    guard case .scram(let verifier) = user.verifier else {
      throw CocoaError(.coderValueNotFound)
    }
    return verifier
  }

  @Test func `adds, lists, changes and removes users`() throws {
    #expect(
      try tool.run("user", "add", "alice", "--password-stdin", input: "secret\n")
        == done("alice can log in and has alice@home.example\n"))
    #expect(
      try tool.run(
        "user", "add", "bob", "--password-stdin", "--quota", "5MB",
        "--send-as", "Bob@home.example,@x.example", input: "two words \r\n")
        == done("bob can log in and has bob@home.example\n"))
    #expect(
      try tool.run("user", "list")
        == done(
          """
          alice scram-sha-256
          bob scram-sha-256 send-as=Bob@home.example,@x.example quota=5MB

          """))
    let before = try verifier(of: "bob")
    #expect(
      try tool.run("user", "passwd", "bob", "--password-stdin", input: "other")
        == done("bob has a new password\n"))
    #expect(try verifier(of: "bob") != before)
    #expect(
      try tool.run("user", "list").output.contains(
        "bob scram-sha-256 send-as=Bob@home.example,@x.example quota=5MB"))
    #expect(
      try tool.run("user", "remove", "alice")
        == done("alice is removed; mail of the user, if any, stays in DIR/spool/mail/alice\n"))
    #expect(try tool.run("user", "list").output.hasPrefix("bob "))
  }

  @Test func `takes the option of the configuration behind the command too`() throws {
    _ = try tool.run("user", "add", "alice", "--password-stdin", input: "secret\n")
    let configuration = tool.path("gatepost.conf")
    #expect(try tool.run("user", "list", "-c", configuration) == done("alice scram-sha-256\n"))
  }

  @Test func `says what it does not do`() throws {
    _ = try tool.run("user", "add", "alice", "--password-stdin", input: "secret\n")
    #expect(
      try tool.run("user", "add", "alice", "--password-stdin", input: "secret\n")
        == refused(
          65, "alice is there already; a new password is set with: gatepost user passwd alice"))
    for command in ["remove", "passwd"] {
      #expect(
        try tool.run("user", command, "bob")
          == refused(67, "there is no user bob; the users are told by: gatepost user list"))
    }
    #expect(
      try tool.run("user", "add", "bob", "--send-as", "x")
        == refused(65, "\"x\" in send-as is neither an address, nor an @domain, nor <>, nor *"))
    #expect(
      try tool.run("user", "add", "bob")
        == refused(
          65,
          "there is no terminal to ask at; give the password on the standard input,"
            + " with --password-stdin"))
    #expect(try tool.run("user", "add", "../bob", "--password-stdin").status == 64)
    #expect(
      try tool.run("user", "add", "bob", "--quota", "much")
        == refused(65, "the quota of bob is not a size such as 500MB"))
  }

  @Test func `changes the options of a user and nothing else`() throws {
    try tool.write("# ours\nalice:!:quota=1MB\nbob:!\n", to: "users")
    #expect(
      try tool.run(
        "user", "set", "alice", "--quota", "", "--send-as", "*", "--recipients", "5",
        "--message-size", "10MB", "--messages-per-hour", "off", "--recipients-per-hour", "70")
        == done("alice is changed\n"))
    #expect(
      try tool.run("user", "list")
        == done(
          """
          alice locked send-as=* recipients=5 message-size=10MB messages-per-hour=off \
          recipients-per-hour=70
          bob locked

          """))
    #expect(
      try tool.run("user", "set", "alice", "--messages-per-hour", "0")
        == refused(65, "the messages-per-hour of alice is not a number, at least 1, or off"))
    #expect(
      try tool.run("user", "set", "carol", "--quota", "1MB")
        == refused(67, "there is no user carol; the users are told by: gatepost user list"))
    #expect(try tool.run("user", "set", "alice").status == 64)
  }

  @Test(arguments: [
    ("", "there is no password on the standard input"),
    ("\n", "the password is empty"),
    (
      String(repeating: "x", count: 249) + "\n",
      "the password is too long; POP3 has room for 248 octets"
    ),
    ("a\0b\n", "the password holds a control character; nothing is changed"),
    ("\u{3}\n", "the password holds a control character; nothing is changed"),
  ])
  func `takes no password that could not be sent`(input: String, complaint: String) throws {
    #expect(
      try tool.run("user", "add", "bob", "--password-stdin", input: input)
        == refused(65, complaint))
    #expect(!FileManager.default.fileExists(atPath: tool.path("users")))
  }

  @Test func `imports the users of another system and leaves its own alone`() throws {
    _ = try tool.run("user", "add", "alice", "--password-stdin", input: "secret\n")
    let before = try verifier(of: "alice")
    let hash = "$6$0123456789abcdef$" + String(repeating: "a", count: 86)
    try tool.write("alice:\(hash)\nanna:{CRYPT}\(hash):1000\ndaemon:*:1\n", to: "passwd")
    let run = try tool.run("user", "import", tool.path("passwd"))
    #expect(run.status == 0)
    #expect(run.output == "anna\n1 user is taken over\n")
    #expect(
      run.complaint == """
        gatepost: daemon: there is no password that it could log in with
        gatepost: alice: there is such a user already

        """)
    #expect(try tool.run("user", "list") == done("alice scram-sha-256\nanna crypt\n"))
    #expect(try verifier(of: "alice") == before)
    #expect(try tool.run("user", "import", tool.path("passwd")).status == 65)
    #expect(try tool.run("user", "import", tool.path("nothing")).status == 66)
  }

  @Test func `moves what the server has made for hashes into the file of users`() throws {
    let tool = try Tool(configuration: "[server]\nupgrade-hashes = yes")
    let hash = "$6$0123456789abcdef$" + String(repeating: "a", count: 86)
    try tool.write(
      "alice:\(hash):quota=1MB\nbob:{PLAIN}secret:\ncarl:\(hash)\n# ours\n", to: "users")
    let verifier =
      "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
      + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    try tool.write(
      """
      alice 8f7c3bf78cce9657 \(verifier)
      bob dd8af055387c61d9 \(verifier)
      carl 0123456789abcdef \(verifier)

      """, to: "state/verifiers")
    // A plain secret stays, for APOP; carl has got another hash since then.
    #expect(
      try tool.run("user", "list")
        == done("alice crypt+scram-sha-256 quota=1MB\nbob plain+scram-sha-256\ncarl crypt\n"))
    #expect(try tool.run("user", "upgrade") == done("alice\n1 user is upgraded\n"))
    #expect(
      try String(contentsOfFile: tool.path("users"), encoding: .utf8)
        == "alice:\(verifier):quota=1MB\nbob:{PLAIN}secret:\ncarl:\(hash)\n# ours\n")
    #expect(try tool.run("user", "upgrade") == done("0 users are upgraded\n"))
    chmod(tool.path("state/verifiers"), 0o666)
    let run = try tool.run("user", "upgrade")
    #expect(run.complaint.hasPrefix("gatepost: verifiers: others may have written this file"))
  }
}
