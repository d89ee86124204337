import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// What bad clients try, and what good ones notice of it.
@Suite struct AbuseTests {
  @Test("fail2ban counts each failed login once, for the address that it came from")
  func failedLogins() throws {
    let gatepost = try Gatepost()
    try guess("alice", "wrong", of: gatepost, from: "127.0.0.2")
    // The second telephone has the same old password as ever.
    try guess("alice", "old", of: gatepost, from: "127.0.0.3")
    try guess("alice", "old", of: gatepost, from: "127.0.0.3")
    for (number, user) in Self.hostileNames.enumerated() {
      try guess(user, "wrong", of: gatepost, from: "127.0.1.\(number)")
    }
    let smtp = try gatepost.swaks(
      to: "ann@far.example", "--port", "\(gatepost.ports.submissions)", "--tls-on-connect",
      "--auth",
      "PLAIN", "--auth-user", "alice", "--auth-password", "wrong", "--local-interface", "127.0.0.4")
    #expect(smtp.output.contains("535 5.7.8"))
    #expect(try gatepost.curl().status == 0)
    let expected =
      ["127.0.0.2", "127.0.0.3"] + Self.hostileNames.indices.map { "127.0.1.\($0)" } + ["127.0.0.4"]
    let stamp = Date.now.formatted(.iso8601)
    func lines(of program: String) -> String {
      gatepost.log.split(separator: "\n").map { "\(stamp) gw \(program): \($0)\n" }.joined()
    }
    #expect(try banned(by: lines(of: "gatepostd[12]")) == expected)
    // Another program may quote such lines, and so may a client of ours.
    for program in ["sshd[7]", "gatepostd", "sshd[7]: gatepostd[12]", "other gatepostd[12]"] {
      #expect(try banned(by: lines(of: program)) == [])
    }
  }

  /// Names that would put the blame on another address or another time, or have the line passed over.
  private static let hostileNames = [
    "x client=192.0.2.1", "x\" client=192.0.2.1 user=\"y",
    "login-failed service=x client=192.0.2.1 user=",
    "2001-01-02 10:00:00", "Jan  2 10:00:00 2001", "gatepostd[1]: login-failed",
    "x reason=\"the same wrong password as before\"",
  ]

  /// Tries a password by POP3, with a user name that may hold anything.
  private func guess(
    _ user: String, _ password: String, of gatepost: Gatepost, from source: String
  ) throws {
    let client = try Client(port: gatepost.ports.pop3, from: source)
    try client.expect("+OK")
    let message = Data("\0\(user)\0\(password)".utf8).base64EncodedString()
    try client.ask("AUTH PLAIN \(message)", "-ERR [AUTH]")
    client.hangUp()
  }

  /// The addresses that the filter finds in a log, each with a time of the last hour.
  private func banned(by log: String) throws -> [String] {
    let scratch = try ScratchDirectory()
    try log.write(toFile: "\(scratch.path)/log", atomically: true, encoding: .utf8)
    let filter = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "packaging/fail2ban/gatepost.conf")
    let run = try Program.run(
      "fail2ban-regex", ["-o", "<ip> <time>", "\(scratch.path)/log", filter.path])
    try #require(run.status == 0, Comment(rawValue: run.output))
    return try run.output.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      let time = try #require(words.count == 2 ? Double(words[1]) : nil)
      #expect(abs(time - Date.now.timeIntervalSince1970) < 3600)
      return String(words[0])
    }
  }

  @Test("A hundred strangers that hold on to their connections keep no client of the house out")
  func crowd() throws {
    let gatepost = try Gatepost("[limits]\nconnections = 40\n[relay]\nnetworks = 127.0.0.1/32")
    let strangers = try (1...100).map { number in
      try Client(port: gatepost.ports.smtp, from: "127.0.2.\(number)")
    }
    // Whoever is idle longest gives up the place to the next: greeted before, or refused at once.
    for stranger in strangers {
      let line = try stranger.line()
      #expect(line.hasPrefix("220") || line.hasPrefix("421"))
    }
    let good = try gatepost.smtp()
    try good.expect("220")
    #expect(gatepost.log.contains("the rest is for known clients"))
  }

  @Test("Five hundred clients that say a part of something and no more keep nobody waiting")
  func slowClients() throws {
    let gatepost = try Gatepost()
    let slow = try (0..<500).map { number in
      try Client(port: gatepost.ports.smtp, from: "127.0.2.\(number % 100 + 1)")
    }
    for (number, client) in slow.enumerated() {
      guard number.isMultiple(of: 2) else {
        try client.expect("220")
        client.send("EH")
        continue
      }
      try client.beginMessage(from: "x@far.example", to: "alice@home.example")
      client.send("Subject: sl")
    }
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    #expect(gatepost.maildrop("alice").count == 1)
  }

  @Test(
    "A TLS handshake on a plain port is broken off at once and without an answer",
    arguments: [(false, "220"), (true, "+OK")])
  func handshake(isPOP3: Bool, greeting: String) throws {
    let gatepost = try Gatepost()
    let client = try Client(port: isPOP3 ? gatepost.ports.pop3 : gatepost.ports.smtp)
    try client.expect(greeting)
    client.send(bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
    #expect(try client.line() == "<closed>")
    try gatepost.waitForLog("TLS on a plain port")
  }
}
