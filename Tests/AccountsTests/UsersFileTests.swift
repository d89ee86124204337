import Mail
import Platform
import Testing

@testable import Accounts

@Suite struct `The users file` {
  private func file(_ text: String) throws -> UsersFile {
    try UsersFile(Array(text.utf8), file: "users")
  }

  private func name(_ text: String) throws -> UserName { try #require(UserName(text)) }

  @Test(arguments: ["a", "0", "alice", "a.b-c_d", "x2", String(repeating: "a", count: 32)])
  func `takes names that can be directories`(text: String) {
    #expect(UserName(text)?.text == text)
  }

  @Test(arguments: [
    "", ".", "..", ".a", "-a", "_a", "A", "a b", "a/b", "a:b", "a\n", "a\0", "ä", "a@b", "a+b",
    String(repeating: "a", count: 33),
  ])
  func `takes no name that cannot`(text: String) {
    #expect(UserName(text) == nil)
  }

  @Test func `holds one user a line`() throws {
    let users = try file(
      """
      # the household

      alice:!:send-as=Alice@Home.example,@work.example quota=500MB
      \tbob:$5$saltsalt$x\t
      carol:!:
      dave:!:quota=1K\r

      """
    ).users
    #expect(users.map(\.name.text) == ["alice", "bob", "carol", "dave"])
    let alice = try #require(users.first)
    #expect(alice.quota?.bytes == 500 << 20)
    for (address, isAllowed) in [
      ("alice@home.example", true), ("ALICE@HOME.EXAMPLE", true), ("boss@work.example", true),
      ("bob@home.example", false), ("alice@sub.work.example", false),
    ] {
      #expect(alice.maySend(as: .mailbox(try #require(Mailbox(address)))) == isAllowed)
    }
    #expect(users[1].maySend(as: .mailbox(try #require(Mailbox("anyone@else.example")))))
    #expect(users[1].quota == nil)
  }

  @Test(arguments: [
    ("alice", "users:1: the line is not \"name:verifier:options\""),
    (
      "Alice:!",
      "users:1: \"Alice\" is not the name of a user; it takes 1 to 32 of a-z, 0-9, \".\", \"_\" and"
        + " \"-\", a letter or digit first"
    ),
    (
      "alice:geheim",
      "users:1: the verifier of alice is not known;"
        + " set a password with: gatepost user passwd alice"
    ),
    (
      "alice:!:shell=/bin/sh",
      "users:1: \"shell\" is not an option of a user;"
        + " the options are send-as, quota, quota-messages, recipients, message-size, messages-per-hour,"
        + " recipients-per-hour, may-pop, may-relay, disabled"
    ),
    ("alice:!:may-pop=maybe", "users:1: the may-pop of alice is not yes or no"),
    ("alice:!:disabled=", "users:1: the disabled of alice is not yes or no"),
    ("alice:!:recipients=0", "users:1: the recipients of alice is not a number, at least 1"),
    ("alice:!:recipients=off", "users:1: the recipients of alice is not a number, at least 1"),
    ("alice:!:message-size=0", "users:1: the message-size of alice is not a size such as 500MB"),
    (
      "alice:!:messages-per-hour=-1",
      "users:1: the messages-per-hour of alice is not a number, at least 1, or off"
    ),
    (
      "alice:!:recipients-per-hour",
      "users:1: the recipients-per-hour of alice is not a number, at least 1, or off"
    ),
    ("alice:!:quota=much", "users:1: the quota of alice is not a size such as 500MB"),
    ("alice:!:quota=0", "users:1: the quota of alice is not a size such as 500MB"),
    (
      "alice:!:send-as=",
      "users:1: \"\" in send-as is neither an address, nor an @domain, nor <>, nor *"
    ),
    (
      "alice:!:send-as=a@b,c",
      "users:1: \"c\" in send-as is neither an address, nor an @domain, nor <>, nor *"
    ),
    (
      "alice:!\n#\nbob:!\nalice:!",
      "users:4: alice is there twice, first on line 1; keep one"
    ),
    ("alice:!\0", "users:1: the line is not UTF-8 text"),
    (
      "a\nb:!\nc",
      """
      users:1: the line is not "name:verifier:options"
      users:3: the line is not "name:verifier:options"
      """
    ),
  ])
  func `is wrong as a whole for one wrong line`(text: String, expected: String) {
    #expect(throws: UsersFileError(reason: expected)) { try file(text) }
  }

  @Test func `tells of no more than a screenful of wrong lines`() throws {
    let error = #expect(throws: UsersFileError.self) {
      try file(String(repeating: "x\n", count: 1000))
    }
    #expect(error?.description.hasSuffix("\nand 980 more") == true)
  }

  @Test func `keeps every other line when one changes`() throws {
    let text = "# first\n  carol:!\n\n alice:!:quota=1MB \n# last"
    var users = try file(text)
    #expect(users.content == Array((text + "\n").utf8))
    try users.add(User(name: name("bob"), verifier: .locked))
    var carol = try users.user(name("carol"))
    carol.quota = ByteCount("2K")
    try users.replace(carol)
    #expect(
      String(decoding: users.content, as: UTF8.self)
        == "# first\ncarol:!:quota=2KB\n\n alice:!:quota=1MB \n# last\nbob:!:\n")
    try users.remove(name("carol"))
    try users.remove(name("bob"))
    #expect(
      String(decoding: users.content, as: UTF8.self) == "# first\n\n alice:!:quota=1MB \n# last\n")
    #expect(try users.user(name("alice")).quota?.bytes == 1 << 20)
    #expect(throws: UsersFileError.self) { try users.user(name("bob")) }
  }

  @Test func `refuses changes that make no sense`() throws {
    var users = try file("alice:!\n")
    #expect(
      throws: UsersFileError(
        reason: "alice is there already;"
          + " a new password is set with: gatepost user passwd alice")
    ) { try users.add(User(name: name("alice"), verifier: .locked)) }
    let missing = UsersFileError(
      .unknownUser, reason: "there is no user bob; the users are told by: gatepost user list")
    #expect(throws: missing) { try users.remove(name("bob")) }
    #expect(throws: missing) {
      try users.replace(User(name: name("bob"), verifier: .locked))
    }
    #expect(users.content == Array("alice:!\n".utf8))
  }

  @Test func `writes what it reads`() throws {
    let line =
      "alice:!:send-as=a@b.example,@c.example,* quota=500MB recipients=5 message-size=10MB"
      + " messages-per-hour=off recipients-per-hour=70 may-pop=no may-relay=no"
    let user = try User(line: Substring(line))
    #expect(user.line == line)
    #expect(user.recipients == 5)
    #expect(user.messageSize?.bytes == 10 << 20)
    #expect(user.messagesPerHour == .unlimited)
    #expect(user.recipientsPerHour == .atMost(70))
    #expect(user.maySend(as: .mailbox(try #require(Mailbox("anyone@else.example")))))
    #expect(!user.mayPOP && !user.mayRelay && !user.isDisabled)
    #expect(try User(line: "alice:!:disabled=yes may-pop=yes").line == "alice:!:disabled=yes")
    var bare = user
    for option in User.Option.allCases { bare.unset(option) }
    #expect(bare.line == "alice:!:")
  }
}
