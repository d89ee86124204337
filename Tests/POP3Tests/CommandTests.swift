import Testing

@testable import POP3

struct CommandTests {
  static func parse(_ line: String) -> Command? {
    try? Command.parse(Array(line.utf8)[...]).get()
  }

  @Test(
    arguments: [
      ("STAT", Command.status), ("stat", .status), ("sTaT  ", .status),
      ("LIST", .list(message: nil)),
      ("LIST 7", .list(message: 7)), ("list  7 ", .list(message: 7)),
      ("RETR 007", .retrieve(message: 7)),
      ("DELE 1", .delete(message: 1)), ("UIDL", .uniqueIDs(message: nil)),
      ("UIDL 2", .uniqueIDs(message: 2)), ("TOP 1 0", .top(message: 1, lines: 0)),
      ("NOOP", .noOperation), ("RSET", .reset), ("QUIT", .quit), ("CAPA", .capabilities),
      ("STLS", .startTLS), ("AUTH", .listMechanisms), ("USER alice", .user("alice")),
      ("USER Jürgen", .user("Jürgen")),
      ("auth plain", .auth(mechanism: Array("plain".utf8)[...], initialResponse: nil)),
      (
        "AUTH LOGIN =",
        .auth(mechanism: Array("LOGIN".utf8)[...], initialResponse: Array("=".utf8)[...])
      ),
    ])
  func `A command is read in any case and with spaces at its end`(line: String, command: Command) {
    #expect(Self.parse(line) == command)
  }

  @Test(
    arguments: [
      ("PASS secret", "secret"), ("PASS two words", "two words"), ("PASS  lead", " lead"),
      ("PASS trail ", "trail "), ("PASS  ", " "), ("pass \u{FC}", "\u{FC}"),
    ])
  func `A password is everything after the one space`(line: String, password: String) {
    #expect(Self.parse(line) == .password(Array(password.utf8)))
  }

  @Test(
    arguments: [
      "", " ", "S", "STATS", "STA", "XTND XMIT", "APOP a b", "\0STAT", "STAT\0", "STAT\t",
      "ST\u{E4}T",
      "STAT 1", "LIST a", "LIST 1 2", "LIST +1", "LIST 1.", "RETR", "RETR 1 2", "RETR -1", "DELE",
      "DELE  ", "TOP", "TOP 1", "TOP 1 2 3", "TOP 1 x", "TOP x 1", "UIDL x", "NOOP now",
      "USER", "USER a b", "USER a\u{1}b", "USER \u{7F}", "PASS", "PASS ", "PASS a\0b",
      "AUTH PLAIN a b", "QUIT 0", "CAPA 1", "STLS 1", "RSET 1",
    ])
  func `Anything else is refused`(line: String) {
    #expect(Self.parse(line) == nil)
  }

  @Test(arguments: ["2147483648", "99999999999999999999999999", "18446744073709551617"])
  func `A number too large for any maildrop is a number`(digits: String) {
    #expect(Self.parse("RETR \(digits)") == .retrieve(message: Int(Int32.max)))
  }

  @Test func `Octets that are not text are no user name`() {
    #expect((try? Command.parse(Array("USER ".utf8)[...] + [0xFF, 0xFE]).get()) == nil)
  }

  @Test(arguments: Verb.allCases)
  func `Each keyword is found, and its usage names it`(verb: Verb) {
    #expect(Verb(keyword: Array(verb.rawValue.lowercased().utf8)[...]) == verb)
    #expect(verb.usage.contains(verb.rawValue))
  }
}
