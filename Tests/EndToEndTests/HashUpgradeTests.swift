import EndToEndSupport
import Foundation
import Testing

/// Users from another system, whose hashes of crypt(3) are upgraded at a login.
@Suite struct HashUpgradeTests {
  private static let users = "alice:$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA:\n"
  private static let setting = "[server]\nupgrade-hashes = yes"
  /// So that a wrong password is answered at once.
  private static let trust = "\n[relay]\nnetworks = 127.0.0.0/8"

  private func gatepost(_ settings: String = setting) throws -> Gatepost {
    let gatepost = try Gatepost(settings + Self.trust, isStarted: false)
    try gatepost.write(Self.users, to: "users")
    try gatepost.start()
    return gatepost
  }

  /// Whether alice gets in and hands in a message.
  private func isTaken(
    _ gatepost: Gatepost, _ mechanism: String, password: String = "secret"
  ) throws -> Bool {
    try gatepost.msmtp("submission", mechanism, password: password).status == 0
  }

  @Test(
    "After one login with the password SCRAM works, over a restart, until there is a new password",
    arguments: ["SMTP", "POP3"])
  func upgrade(service: String) throws {
    let gatepost = try gatepost()
    #expect(try !isTaken(gatepost, "scram-sha-256"))
    #expect(gatepost.log.contains("have the client use PLAIN once"))
    if service == "SMTP" {
      #expect(try isTaken(gatepost, "plain"))
    } else {
      #expect(try gatepost.mpop("pop3", "user", password: "secret").status == 0)
    }
    #expect(try isTaken(gatepost, "scram-sha-256"))
    #expect(try !isTaken(gatepost, "scram-sha-256", password: "wrong"))
    gatepost.terminate()
    #expect(try gatepost.waitForEnd() == 0)
    let file = "\(gatepost.path)/state/verifiers"
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try String(contentsOfFile: "\(gatepost.path)/users", encoding: .utf8) == Self.users)
    #expect(try gatepost.tool("user", "list").output == "alice crypt+scram-sha-256\n")

    try gatepost.start()
    #expect(try isTaken(gatepost, "scram-sha-256"))
    let other = try Program.run(
      "gatepost",
      ["-c", "\(gatepost.path)/gatepost.conf", "user", "passwd", "alice", "--password-stdin"],
      input: "other\n")
    #expect(other.status == 0)
    #expect(try !isTaken(gatepost, "scram-sha-256"))
    #expect(try !isTaken(gatepost, "plain"))
    #expect(try isTaken(gatepost, "scram-sha-256", password: "other"))
  }

  @Test("The administrator moves what was made to the file of users")
  func fold() throws {
    let gatepost = try gatepost()
    #expect(try gatepost.tool("user", "upgrade").output == "0 users are upgraded\n")
    #expect(try isTaken(gatepost, "plain"))
    gatepost.terminate()
    #expect(try gatepost.waitForEnd() == 0)
    #expect(try gatepost.tool("user", "upgrade").output == "alice\n1 user is upgraded\n")
    #expect(try gatepost.tool("user", "list").output == "alice scram-sha-256\n")
    #expect(try gatepost.tool("user", "upgrade").output == "0 users are upgraded\n")
    try gatepost.configure(Self.trust)
    try gatepost.start()
    for mechanism in ["scram-sha-256", "plain"] {
      #expect(try isTaken(gatepost, mechanism))
      #expect(try !isTaken(gatepost, mechanism, password: "wrong"))
    }
  }

  @Test("Nothing is upgraded unless it is wanted, which a reload can say")
  func setting() throws {
    let gatepost = try gatepost("")
    #expect(try isTaken(gatepost, "plain"))
    #expect(try !isTaken(gatepost, "scram-sha-256"))
    try gatepost.configure(Self.setting + Self.trust)
    try gatepost.reload()
    #expect(try isTaken(gatepost, "plain"))
    #expect(try isTaken(gatepost, "scram-sha-256"))
    try gatepost.configure(Self.trust)
    try gatepost.reload()
    #expect(try !isTaken(gatepost, "scram-sha-256"))
    gatepost.terminate()
    #expect(try gatepost.waitForEnd() == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(gatepost.path)/state/verifiers"))
  }
}
