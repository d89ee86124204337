import EventLoop
import Foundation
import Mail
import TestSupport
import Testing

@testable import Accounts
@testable import SASL

@Suite struct `A proof of SCRAM` {
  /// The verifier of the example of RFC 7677 §3.
  private static let example =
    "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
    + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

  @Test func `is checked as in the example of RFC 7677`() throws {
    guard case .scram(let verifier) = Verifier(Substring(Self.example)) else {
      Issue.record("the example is no verifier")
      return
    }
    let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    let message =
      "n=user,r=rOprNGfwEbeRWgbNEkqO,r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=\(nonce)"
    let octets = try #require(
      Data(base64Encoded: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
    let proof = SCRAMProof(
      user: "user", authMessage: Array(message.utf8), clientProof: Array(octets))
    #expect(verifier.accepts(proof))
    #expect(
      Data(verifier.serverSignature(of: proof)).base64EncodedString()
        == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    let other = SCRAMProof(
      user: "user", authMessage: proof.authMessage + [0], clientProof: proof.clientProof)
    #expect(!verifier.accepts(other))
  }

  /// Runs `body` with alice, whose password is `secret`, bert with a hash of crypt(3), and dora, who is
  /// locked; `said` is what was reported.
  private func withAccounts(
    scratch: ScratchDirectory? = nil,
    _ body: @escaping @Loop @Sendable (Accounts, _ said: @Loop () -> [String]) async throws -> Void
  ) async throws {
    let scratch = try scratch ?? ScratchDirectory()
    let verifier = SCRAMVerifier(password: Array("secret".utf8), salt: [1, 2, 3], iterations: 10)
    let crypt = "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"
    let text = "alice:\(Verifier.scram(verifier).text):\nbert:\(crypt):\ndora:!\n"
    try text.write(toFile: scratch.path + "/users", atomically: true, encoding: .utf8)
    let domain = try #require(Domain("home.example"))
    try await onLoop {
      var lines: [String] = []
      let accounts = try Accounts(
        path: scratch.path + "/users", domains: [domain], workers: WorkerPool(threads: 1)
      ) { lines.append($0) }
      try await body(accounts) { lines }
    }
  }

  @Test(arguments: [
    ("alice", "secret", "verified alice"), ("Alice", "secret", "verified alice"),
    ("alice@home.example", "secret", "verified alice"),
    ("ALICE@Home.Example", "secret", "verified alice"),
    ("alice@other.example", "secret", "wrong"), ("alice", "Secret", "wrong"),
    ("alice", "", "wrong"), ("nobody", "secret", "wrong"), ("bert", "secret", "wrong"),
    ("dora", "secret", "wrong"), ("dora", "", "wrong"), ("../alice", "secret", "wrong"),
  ])
  func `lets in who has the password`(user: String, password: String, expected: String) async throws
  {
    try await withAccounts { accounts, _ in
      let client = SCRAMClient(user: user, password: password)
      let result = try await accounts.logIn(client, as: user)
      #expect(result.outcome == expected)
      #expect(result.isServerProved == expected.hasPrefix("verified"))
    }
  }

  @Test func `begins alike for everybody`() async throws {
    try await withAccounts { accounts, _ in
      @Loop func parameters(_ user: String) throws -> SCRAMParameters {
        try accounts.scramParameters(user: user, binding: nil)
      }
      for user in ["nobody", "bert", "dora", "J\u{FC}rgen", "alice@other.example"] {
        let first = try parameters(user)
        // As those of alice, the only one who has a salt.
        #expect(first.salt.count == 3)
        #expect(first.iterations == 10)
        let second = try parameters(user)
        #expect(first.salt == second.salt)
        #expect(first.nonce != second.nonce)
      }
      let alice = try parameters("alice")
      #expect(alice.salt == [1, 2, 3])
      #expect(try parameters("Alice@Home.example").salt == alice.salt)
      let nobody = try parameters("nobody")
      #expect(try parameters("Nobody@home.example").salt == nobody.salt)
      #expect(try parameters("nobody2").salt != nobody.salt)
      #expect(try accounts.scramParameters(user: "alice", binding: [7]).binding == [7])
    }
  }

  @Test func `tells the administrator of a user whose hash cannot serve it`() async throws {
    try await withAccounts { accounts, said in
      for user in ["nobody", "dora", "alice"] {
        _ = try await accounts.logIn(SCRAMClient(user: user, password: "wrong"), as: user)
      }
      #expect(said() == [])
      _ = try await accounts.logIn(SCRAMClient(user: "bert"), as: "bert")
      #expect(said().count == 1)
      #expect(said().first?.hasPrefix("bert has no verifier for SCRAM") == true)
    }
  }

  @Test func `serves a plain secret, and tells nobody who has one`() async throws {
    let scratch = try ScratchDirectory()
    try await withAccounts(scratch: scratch) { accounts, said in
      let file = scratch.path + "/users"
      let users = try String(contentsOfFile: file, encoding: .utf8)
      try (users + "paul:{PLAIN}secret:\nrita:{PLAIN}other:disabled=yes\n").write(
        toFile: file, atomically: true, encoding: .utf8)
      for (user, password, expected) in [
        ("paul", "secret", "verified paul"), ("Paul@home.example", "secret", "verified paul"),
        ("paul", "Secret", "wrong"), ("paul", "", "wrong"), ("rita", "other", "wrong"),
        ("alice", "secret", "verified alice"), ("bert", "secret", "wrong"),
        ("nobody", "secret", "wrong"),
      ] {
        let client = SCRAMClient(user: user, password: password)
        let result = try await accounts.logIn(client, as: user)
        #expect(result.outcome == expected)
        #expect(result.isServerProved == expected.hasPrefix("verified"))
      }
      #expect(!said().contains { $0.hasPrefix("paul") })
      // As those of alice, the only one who has a verifier.
      let paul = try accounts.scramParameters(user: "paul", binding: nil)
      #expect(paul.salt.count == 3 && paul.iterations == 10)
      #expect(try accounts.scramParameters(user: "PAUL", binding: nil).salt == paul.salt)
    }
  }

  @Test func `is neither right nor wrong while the file is bad and the user unknown`() async throws
  {
    let scratch = try ScratchDirectory()
    try await withAccounts(scratch: scratch) { accounts, _ in
      unlink(scratch.path + "/users")
      let alice = try await accounts.logIn(SCRAMClient(), as: "alice")
      #expect(alice.outcome == "verified alice")
      let other = try await accounts.logIn(SCRAMClient(user: "nobody"), as: "nobody")
      #expect(other.outcome.hasPrefix("temporary "))
    }
  }
}
