import Mail
import Testing

@testable import Accounts

@Suite("Users of other systems") struct ForeignUserTests {
  private static let sha512 =
    "$6$0123456789abcdef$"
    + String(repeating: "a", count: 86)

  /// The line that it becomes here, or why it becomes none.
  private func line(_ text: String) throws -> String? {
    let domain = try #require(Domain("home.example"))
    switch try ForeignUser(line: text[...], domains: [domain]) {
    case .user(let user): return user.line
    case .unusable(let name, let reason): return "\(name)? \(reason)"
    case nil: return nil
    }
  }

  @Test(
    "A hash of crypt(3) is taken as it is, with Dovecot's scheme or without",
    arguments: [
      "anna:\(sha512):19000:0:99999:7:::", "anna:\(sha512)",
      "Anna:{CRYPT}\(sha512):1000:1000::/home/anna",
      "anna@home.example:{sha512-crypt}\(sha512)::::::",
      "  anna@HOME.example:{SHA512-CRYPT}\(sha512)  ",
    ])
  func crypt(text: String) throws {
    #expect(try line(text) == "anna:\(Self.sha512):")
  }

  @Test("A verifier of SCRAM is taken as it is, and a password in clear becomes one")
  func scram() throws {
    let made = SCRAMVerifier(password: Array("secret".utf8), salt: [1, 2, 3, 4], iterations: 4096)
    #expect(
      try line("anna:{SCRAM-SHA-256}\(made.text):::::")
        == "anna:{SCRAM-SHA-256}\(made.text):")
    for scheme in ["PLAIN", "clear", "CLEARTEXT"] {
      guard case .user(let user) = try ForeignUser(line: "anna:{\(scheme)}se}cret", domains: [])
      else {
        Issue.record("\(scheme) is not known")
        continue
      }
      #expect(user.verifier.accepts(Array("se}cret".utf8)) == true)
    }
  }

  @Test(
    "What can be no user here is told, and the secret is not quoted",
    arguments: [
      ("root:*:19000:0:99999:7:::", "root? there is no password that it could log in with"),
      ("mail:!$6$x$y:1::::", "mail? there is no password that it could log in with"),
      ("anna:", "anna? there is no password that it could log in with"),
      ("anna:{PLAIN}", "anna? there is no password that it could log in with"),
      (
        "anna:geheim",
        "anna? the hash of the password cannot be used: it is none of crypt(3) that begins with $"
      ),
      ("anna:{SSHA}geheim", "anna? the hash of the password cannot be used: {SSHA} is not known"),
      ("anna", "a line? it is not \"name:password:...\""),
    ])
  func unusable(text: String, reason: String) throws {
    #expect(try line(text) == reason)
  }

  @Test(
    "A name that no user can have is none",
    arguments: ["../x", "an na", "anna@far.example", "anna@", "", "\u{E4}nna"])
  func names(name: String) throws {
    let reason = try #require(try line("\(name):\(Self.sha512)"))
    #expect(reason.contains("? it is no name for a user here"), "\(reason)")
  }

  @Test("Comments and empty lines are nobody", arguments: ["", "  ", "# anna:x", "\r"])
  func nothing(text: String) throws { #expect(try line(text) == nil) }
}
