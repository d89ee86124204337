import EndToEndSupport
import Foundation
import Testing

/// The mechanisms that send a password, as swaks speaks them, in each mode of TLS.
@Suite struct PasswordLoginTests {
  /// How a client gets to TLS.
  enum Mode: CaseIterable, Sendable {
    /// Not at all, which only a profile allows.
    case none
    case startTLS
    case implicit

    var arguments: [String] {
      switch self {
      case .none: []
      case .startTLS: ["--tls"]
      case .implicit: ["--tls-on-connect"]
      }
    }
  }

  private static let profile = "[profile old]\nnetworks = 127.0.0.0/8\nlogin-without-tls = yes"

  /// Hands in a message as alice; the port is the one that the mode is for.
  private func swaks(
    _ gatepost: Gatepost, _ mechanism: String, _ mode: Mode, password: String
  ) throws -> (status: Int32, output: String) {
    let port = mode == .implicit ? gatepost.ports.submissions : gatepost.ports.submission
    return try Program.run(
      "swaks",
      [
        "--server", "127.0.0.1", "--port", "\(port)", "--from", "alice@home.example", "--to",
        "ann@far.example", "--auth", mechanism, "--auth-user", "alice", "--auth-password", password,
      ] + mode.arguments)
  }

  @Test(
    "Every mechanism logs in with the right password, and with no other",
    arguments: ["PLAIN", "LOGIN"], Mode.allCases)
  func swaks(mechanism: String, mode: Mode) throws {
    let gatepost = try Gatepost(Self.profile)
    let refused = try swaks(gatepost, mechanism, mode, password: "wrong")
    #expect(refused.status != 0)
    #expect(refused.output.contains("535 5.7.8"), "\(refused.output)")
    #expect(gatepost.queue.isEmpty)
    let accepted = try swaks(gatepost, mechanism, mode, password: "secret")
    #expect(accepted.status == 0, "\(accepted.output)")
    #expect(accepted.output.contains("AUTH \(mechanism)"))
    #expect(
      gatepost.queue.first?.contains(mode == .none ? "with ESMTPA id" : "with ESMTPSA id") == true)
    #expect(gatepost.log.count(of: "login-failed ") == 1)
    #expect(gatepost.log.contains(mode == .none ? "how=AUTH\n" : "how=AUTH+TLS\n"))
  }

  @Test("Without TLS no password is asked for and none is taken, unless a profile says so")
  func clear() throws {
    let gatepost = try Gatepost()
    for mechanism in ["PLAIN", "LOGIN"] {
      let run = try swaks(gatepost, mechanism, .none, password: "secret")
      #expect(run.status != 0)
      #expect(!run.output.contains("AUTH \(mechanism)"), "swaks has not even tried")
    }
    let client = try Client(port: gatepost.ports.submission)
    try client.expect("220")
    try client.ask("EHLO client.example", "250")
    for command in ["AUTH PLAIN AGFsaWNlAHNlY3JldA==", "AUTH LOGIN", "AUTH LOGIN YWxpY2U="] {
      try client.ask(command, "538 5.7.11")
    }
    #expect(!gatepost.log.split(separator: "\n").contains { $0.hasPrefix("login") })
  }

  /// A client that has greeted where passwords may be sent in clear: what it reads are the raw octets.
  private func greeted(_ gatepost: Gatepost, from source: String = "127.0.0.1") throws -> Client {
    let client = try Client(port: gatepost.ports.submission, from: source)
    try client.expect("220")
    try client.ask("EHLO client.example", "250")
    return client
  }

  @Test(
    "LOGIN asks with these octets and no other, whether the name comes with it or when asked for",
    arguments: [
      ["AUTH LOGIN", "334 VXNlcm5hbWU6", "YWxpY2U=", "334 UGFzc3dvcmQ6", "c2VjcmV0", "235 2.7.0"],
      ["auth login", "334 VXNlcm5hbWU6", "YWxpY2U=", "334 UGFzc3dvcmQ6", "c2VjcmV0", "235 2.7.0"],
      ["AUTH LOGIN YWxpY2U=", "334 UGFzc3dvcmQ6", "c2VjcmV0", "235 2.7.0"],
      // The whole address, as telephones have it.
      ["AUTH LOGIN QWxpY2VASG9tZS5leGFtcGxl", "334 UGFzc3dvcmQ6", "c2VjcmV0", "235 2.7.0"],
      ["AUTH PLAIN", "334 ", "AGFsaWNlAHNlY3JldA==", "235 2.7.0"],
      ["AUTH PLAIN AGFsaWNlAHNlY3JldA==", "235 2.7.0"],
      // Cancelled where it can be; the session goes on, and so may another attempt.
      ["AUTH LOGIN", "334 VXNlcm5hbWU6", "*", "501 5.7.0", "NOOP", "250 2.0.0"],
      ["AUTH LOGIN YWxpY2U=", "334 UGFzc3dvcmQ6", "*", "501 5.7.0", "NOOP", "250 2.0.0"],
      ["AUTH PLAIN", "334 ", "*", "501 5.7.0", "AUTH PLAIN AGFsaWNlAHNlY3JldA==", "235 2.7.0"],
      // Nothing that is not what was asked for.
      ["AUTH LOGIN", "334 VXNlcm5hbWU6", "alice", "501 5.5.2", "c2VjcmV0", "500 5.5.1"],
      ["AUTH LOGIN", "334 VXNlcm5hbWU6", "", "501 5.5.2", "NOOP", "250 2.0.0"],
      ["AUTH LOGIN", "334 VXNlcm5hbWU6", "YWxpY2U=", "334 UGFzc3dvcmQ6", "", "501 5.5.2"],
      ["AUTH LOGIN YWxpY2U=", "334 UGFzc3dvcmQ6", "c2VjcmV", "501 5.5.2", "NOOP", "250 2.0.0"],
      ["AUTH LOGIN YWxpY2U= c2VjcmV0", "501 5.5.4", "NOOP", "250 2.0.0"],
      ["AUTH CRAM-MD5", "504 5.5.4"], ["AUTH GSSAPI", "504 5.5.4"], ["AUTH", "501 5.5.4"],
      ["AUTH LOGIN\u{0}", "500 5.5.2"],
    ])
  func prompts(dialogue: [String]) throws {
    let gatepost = try Gatepost(Self.profile)
    let client = try greeted(gatepost)
    for (command, reply) in zip(
      dialogue.enumerated().filter { $0.offset % 2 == 0 },
      dialogue.enumerated().filter { $0.offset % 2 == 1 })
    {
      client.send("\(command.element)\r\n")
      let line = try client.line()
      // A challenge is the whole line; of other replies the text may change.
      #expect(
        reply.element.hasPrefix("334") ? line == reply.element : line.hasPrefix(reply.element))
    }
    #expect(!gatepost.log.contains("login-failed"), "a slip of the protocol is no wrong password")
  }

  @Test("A wrong password, and a user who is not there, are told the same by every mechanism")
  func wrong() throws {
    let gatepost = try Gatepost(Self.profile)
    // Each from an address of its own, and all at once: an answer takes its time.
    let attempts = [
      ["AUTH PLAIN AGFsaWNlAHdyb25n"], ["AUTH PLAIN AG5vYm9keQB3cm9uZw=="],
      ["AUTH LOGIN YWxpY2U=", "d3Jvbmc="], ["AUTH LOGIN bm9ib2R5", "d3Jvbmc="],
      ["AUTH LOGIN", "bm9ib2R5", "d3Jvbmc="],
    ]
    let clients = try attempts.enumerated().map { number, lines in
      let client = try greeted(gatepost, from: "127.0.4.\(number)")
      for line in lines.dropLast() { try client.ask(line, "334") }
      client.send("\(lines[lines.count - 1])\r\n")
      return client
    }
    for client in clients {
      #expect(try client.line() == "535 5.7.8 User name or password wrong")
      try client.ask("MAIL FROM:<alice@home.example>", "530")
    }
    #expect(gatepost.log.count(of: "login-failed service=submission client=127.0.4.") == 5)
  }
}
