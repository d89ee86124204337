import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Accounts
@testable import SASL
@testable import TLS

@Suite("The right logins that are remembered") struct RightLoginsTests {
  private let scratch: ScratchDirectory
  private var path: String { scratch.path + "/users" }

  init() throws { scratch = try ScratchDirectory() }

  private static func line(_ name: String, _ password: String, _ iterations: Int = 20) -> String {
    let verifier = SCRAMVerifier(
      password: Array(password.utf8), salt: [1, 2, 3], iterations: iterations)
    return "\(name):\(Verifier.scram(verifier).text):\n"
  }

  private func write(_ text: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  #if FAULT_INJECTION
    /// The iterations that a login costs.
    @Loop
    private static func cost(
      _ accounts: Accounts, _ workers: WorkerPool, _ user: String, _ password: String
    ) async -> Int {
      let before = await workers.run { KeyDerivation.iterationsOfThread }
      _ = await accounts.logIn(user, password)
      return await workers.run { KeyDerivation.iterationsOfThread } - before
    }

    @Test(
      "The next login with the same password costs nothing, and everything else what it always costs"
    )
    func cost() async throws {
      try write(Self.line("anna", "secret") + Self.line("bert", "secret"))
      let path = path
      try await onLoop {
        let workers = WorkerPool(threads: 1)
        let accounts = try Accounts(path: path, domains: [], workers: workers) { _ in }
        for (user, password, expected) in [
          ("anna", "wrong", 20), ("anna", "secret", 20), ("anna", "secret", 0),
          ("ANNA", "secret", 0),
          ("anna", "wrong", 20), ("anna", "secret", 0), ("anna", "Secret", 20),
          ("bert", "secret", 20), ("nobody", "secret", 20), ("nobody", "secret", 20),
          ("bert", "secret", 0),
        ] {
          #expect(
            await Self.cost(accounts, workers, user, password) == expected, "\(user) \(password)")
        }
        #expect(await accounts.logIn("anna", "secret") == "verified anna")
        #expect(await accounts.logIn("anna", "wrong") == "wrong")
        #expect(await accounts.logIn("nobody", "secret") == "wrong")
      }
    }

    @Test("A change of the user's line ends it, and so does a user who is shut out")
    func change() async throws {
      try write(Self.line("anna", "secret") + Self.line("bert", "secret"))
      let file = self
      try await onLoop {
        let workers = WorkerPool(threads: 1)
        let accounts = try Accounts(path: file.path, domains: [], workers: workers) { _ in }
        #expect(await accounts.logIn("anna", "secret") == "verified anna")
        #expect(await accounts.logIn("bert", "secret") == "verified bert")
        try file.write(
          Self.line("anna", "changed") + Self.line("bert", "secret").dropLast() + "disabled=yes\n")
        #expect(await accounts.logIn("anna", "secret") == "wrong")
        #expect(await accounts.logIn("anna", "changed") == "verified anna")
        #expect(await accounts.logIn("bert", "secret") == "wrong")
        try file.write(Self.line("anna", "secret", 30) + Self.line("bert", "secret"))
        #expect(await accounts.logIn("anna", "changed") == "wrong")
        #expect(await Self.cost(accounts, workers, "bert", "secret") == 20)
        #expect(await Self.cost(accounts, workers, "anna", "secret") == 30)
      }
    }

    @Test("A check whose client has gone is not begun, and says nothing of the password")
    func unwanted() async throws {
      try write(Self.line("anna", "secret"))
      let path = path
      try await onLoop {
        let workers = WorkerPool(threads: 1)
        let accounts = try Accounts(path: path, domains: [], workers: workers) { _ in }
        let before = await workers.run { KeyDerivation.iterationsOfThread }
        for user in ["anna", "nobody"] {
          let verification = await accounts.verify(
            user: user, password: Array("secret".utf8), isWanted: { false })
          guard case .temporary = verification else {
            Issue.record("\(verification)")
            return
          }
        }
        #expect(await workers.run { KeyDerivation.iterationsOfThread } == before)
      }
    }
  #endif

  @Test(
    "A verifier with few iterations is replaced at a login, where hashes are, and keeps its salt")
  func weak() async throws {
    try write(Self.line("bert", "secret", 10_000))
    let path = path
    let scratch = scratch
    try await onLoop {
      let workers = WorkerPool(threads: 1)
      let accounts = try Accounts(
        path: path, domains: [], workers: workers,
        upgrades: try Upgrades(path: scratch.path, disk: workers, report: { _ in })
      ) { _ in }
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
      #expect(try accounts.scramParameters(user: "bert", binding: nil).iterations == 10_000)
      accounts.setUpgradesHashes(true)
      #expect(await accounts.logIn("bert", "wrong") == "wrong")
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
      let shown = try accounts.scramParameters(user: "bert", binding: nil)
      #expect(shown.iterations == 100_000)
      #expect(shown.salt == [1, 2, 3])
      let client = SCRAMClient(user: "bert", password: "secret")
      #expect(try await accounts.logIn(client, as: "bert") == ("verified bert", true))
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
    }
  }

  @Test("The secret of the decoys is made once, and a file that others can read is replaced")
  func decoySecret() throws {
    let file = scratch.path + "/" + DecoySecret.name
    let secret = try DecoySecret.read(path: scratch.path)
    #expect(secret.count == 32)
    #expect(try DecoySecret.read(path: scratch.path) == secret)
    #expect(try Data(contentsOf: URL(filePath: file)) == Data(secret))
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
    #expect(mode as? Int == 0o600)
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
    let other = try DecoySecret.read(path: scratch.path)
    #expect(other != secret)
    try Data(other.dropLast()).write(to: URL(filePath: file))
    #expect(try DecoySecret.read(path: scratch.path) != other)
  }

  @Test("Names that nobody has keep their salts over a restart")
  func restart() async throws {
    try write(Self.line("anna", "secret"))
    let path = path
    let secret = try DecoySecret.read(path: scratch.path)
    try await onLoop {
      let workers = WorkerPool(threads: 1)
      let salts = try (0..<2).map { _ in
        try Accounts(path: path, domains: [], workers: workers, decoySecret: secret) { _ in }
          .scramParameters(user: "nobody", binding: nil).salt
      }
      #expect(salts[0] == salts[1])
    }
  }
}
