import EventLoop
import Foundation
import Mail
import Platform
import TLS
import TestSupport
import Testing

@testable import Accounts

@Suite struct `The accounts` {
  private let scratch: ScratchDirectory
  private var path: String { scratch.path + "/users" }

  init() throws { scratch = try ScratchDirectory() }

  /// What the accounts reported.
  @Loop private final class Reports {
    var lines: [String] = []
    nonisolated init() {}
  }

  private func write(_ text: String) {
    // Another inode each time, as an editor makes one: no two versions of a test look alike.
    let draft = scratch.path + "/draft-\(UUID())"
    _ = FileManager.default.createFile(atPath: draft, contents: Data(text.utf8))
    rename(draft, path)
  }

  /// The name of the user whose mail goes to that local part; what was thrown, as text.
  @Loop private func name(_ accounts: Accounts, _ localPart: String) -> String? {
    do {
      return try accounts.mailbox(for: localPart)?.name.text
    } catch {
      return "\(error)"
    }
  }

  private func line(_ name: String, _ password: String, _ options: String = "") -> String {
    let verifier = SCRAMVerifier(password: Array(password.utf8), salt: [1, 2, 3], iterations: 10)
    return "\(name):\(Verifier.scram(verifier).text):\(options)\n"
  }

  /// Runs `body` with accounts of these users.
  private func with(
    _ users: String,
    _ body: @escaping @Loop @Sendable (Accounts, Reports) async throws -> Void
  ) async throws {
    write(users)
    let path = path
    let domain = try #require(Domain("home.example"))
    try await onLoop {
      let reports = Reports()
      let accounts = try Accounts(
        path: path, domains: [domain], workers: WorkerPool(threads: 1)
      ) { reports.lines.append($0) }
      try await body(accounts, reports)
    }
  }

  @Test(arguments: [
    ("alice", "secret", "verified alice"), ("Alice", "secret", "verified alice"),
    ("alice@home.example", "secret", "verified alice"),
    ("Alice@Home.Example", "secret", "verified alice"),
    ("alice@other.example", "secret", "wrong"), ("alice@", "secret", "wrong"),
    ("alice", "Secret", "wrong"), ("alice", "", "wrong"), ("bob", "secret", "wrong"),
    ("", "secret", "wrong"), ("../alice", "secret", "wrong"), ("dora", "!", "wrong"),
    ("alice", String(repeating: "x", count: 1000), "wrong"),
  ])
  func `verify a name and a password`(name: String, password: String, expected: String) async throws
  {
    try await with(line("alice", "secret") + "dora:!\n") { accounts, _ in
      let found =
        switch await accounts.verify(user: name, password: Array(password.utf8)) {
        case .verified(let user): "verified \(user.name)"
        case .wrong: "wrong"
        case .temporary(let reason): "temporary \(reason)"
        }
      #expect(found == expected)
    }
  }

  @Test func `find the user of a local part in any case`() async throws {
    try await with("alice:!\nbob.b:!\n") { accounts, _ in
      #expect(self.name(accounts, "ALICE") == "alice")
      #expect(self.name(accounts, "Bob.B") == "bob.b")
      #expect(self.name(accounts, "carol") == nil)
      #expect(self.name(accounts, "") == nil)
      #expect(self.name(accounts, "..") == nil)
      #expect(accounts.names.map(\.text) == ["alice", "bob.b"])
    }
  }

  @Test func `follow the file without a signal`() async throws {
    let scratch = self
    try await with(line("alice", "secret")) { accounts, reports in
      scratch.write(scratch.line("alice", "other") + "bob:!\n")
      guard case .wrong = await accounts.verify(user: "alice", password: Array("secret".utf8))
      else {
        Issue.record("the old password is taken")
        return
      }
      guard case .verified = await accounts.verify(user: "alice", password: Array("other".utf8))
      else {
        Issue.record("the new password is not taken")
        return
      }
      #expect(self.name(accounts, "bob") == "bob")
      #expect(reports.lines.isEmpty)
    }
  }

  @Test(arguments: ["nonsense\n", nil])
  func `keep the last good users while the file is bad`(content: String?) async throws {
    let scratch = self
    try await with(line("alice", "secret")) { accounts, reports in
      if let content { scratch.write(content) } else { unlink(scratch.path) }
      for _ in 0..<2 {
        guard case .verified = await accounts.verify(user: "alice", password: Array("secret".utf8))
        else {
          Issue.record("the last good password is not taken")
          return
        }
        guard case .temporary = await accounts.verify(user: "alice", password: Array("new".utf8))
        else {
          Issue.record("a password that may be right is called wrong")
          return
        }
        guard case .temporary = await accounts.verify(user: "bob", password: Array("x".utf8)) else {
          Issue.record("a user that may be there is called wrong")
          return
        }
        #expect(self.name(accounts, "alice") == "alice")
        #expect(throws: UsersFileError.self) { try accounts.mailbox(for: "bob") }
      }
      #expect(reports.lines.count == 1)

      scratch.write(scratch.line("alice", "new"))
      #expect(self.name(accounts, "bob") == nil)
      #expect(reports.lines.count == 2)
      #expect(reports.lines.last == "\(scratch.path): is in use again")
    }
  }

  @Test func `try a file again that could not be read, whatever call failed`() async throws {
    let test = self
    try await with("alice:!\n") { accounts, reports in
      var n = 0
      var isReached = true
      while isReached {
        n += 1
        test.write("alice:!\nuser\(n):!\n")
        isReached =
          FaultInjection.failing(call: n, with: EMFILE) {
            #expect(test.name(accounts, "alice") == "alice")
          }.reached
        #expect(test.name(accounts, "user\(n)") == "user\(n)", "call \(n)")
      }
      #expect(n > 3)
      #expect(reports.lines.count == 2 * (n - 1))
    }
  }

  @Test(arguments: [nil, "what is this\n"])
  func `without a file that can be used, call nobody unknown until there is one`(
    content: String?
  ) async throws {
    if let content { write(content) }
    let path = path
    let verifier = Verifier.scram(try SCRAMVerifier(password: Array("secret".utf8)))
    try await onLoop {
      var troubles: [String?] = []
      let accounts = try Accounts(
        path: path, domains: [], workers: WorkerPool(threads: 1), trouble: { troubles.append($0) }
      ) { _ in Issue.record("nothing is wrong with a login") }
      #expect(troubles.count == 1)
      #expect(try #require(troubles.last ?? nil).contains(path))
      #expect(throws: UsersFileError.self) { try accounts.mailbox(for: "alice") }
      guard case .temporary = await accounts.verify(user: "alice", password: Array("secret".utf8))
      else {
        Issue.record("a password is called wrong that nobody could check")
        return
      }
      try "alice:\(verifier.text):\n".write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try accounts.mailbox(for: "alice")?.name.text == "alice")
      #expect(try accounts.mailbox(for: "nobody") == nil)
      #expect(troubles.count == 2 && troubles[1] == nil)
    }
  }

  #if FAULT_INJECTION
    @Test(arguments: [
      ("alice", "secret"), ("alice", "wrong"), ("Alice@Home.Example", "wrong"),
      ("nobody", "secret"), ("nobody@home.example", "wrong"), ("alice@other.example", "secret"),
      ("", "secret"), ("../alice", "secret"), (String(repeating: "x", count: 255), "wrong"),
      ("dora", "secret"),
    ])
    func `work as hard for a user that is not there`(name: String, password: String) async throws {
      let verifier = Verifier.scram(try SCRAMVerifier(password: Array("secret".utf8)))
      write("alice:\(verifier.text):\ndora:!\n")
      let path = path
      let domain = try #require(Domain("home.example"))
      try await onLoop {
        let workers = WorkerPool(threads: 1)
        let accounts = try Accounts(path: path, domains: [domain], workers: workers) { _ in }
        let before = await workers.run { KeyDerivation.iterationsOfThread }
        _ = await accounts.verify(user: name, password: Array(password.utf8))
        let after = await workers.run { KeyDerivation.iterationsOfThread }
        #expect(after - before == 100_000)
      }
    }
  #endif
}
