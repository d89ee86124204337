import EventLoop
import Foundation
import Mail
import Platform
import TLS
import TestSupport
import Testing

@testable import Accounts

@Suite struct `The decoys` {
  private static let md5 = "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"

  private static func crypt(_ text: String) throws -> Verifier {
    try #require(Verifier(text[...]))
  }

  private static func scram(_ iterations: Int) -> Verifier {
    .scram(SCRAMVerifier(password: [0x78], salt: [1, 2, 3, 4], iterations: iterations))
  }

  /// How many of some numbers, evenly spread, have a decoy that costs as much as one of these.
  private static func shares(_ decoys: Decoys, of verifiers: [Verifier]) -> [Int] {
    let found = (0..<UInt64(100)).map { decoys.verifier($0 * (.max / 100) + .max / 200) }
    return verifiers.map { verifier in found.count { $0 == verifier } }
  }

  @Test func `are as the users are, in the same shares`() throws {
    let (slow, fast, crypt) = (Self.scram(20), Self.scram(10), try Self.crypt(Self.md5))
    var decoys = Decoys([crypt, slow, fast, .locked, crypt, crypt])
    #expect(Self.shares(decoys, of: [crypt, slow, fast]) == [60, 20, 20])
    decoys.move(from: crypt, to: slow)
    #expect(Self.shares(decoys, of: [crypt, slow, fast]) == [40, 40, 20])
    decoys.move(from: crypt, to: fast)
    decoys.move(from: crypt, to: fast)
    #expect(Self.shares(decoys, of: [crypt, slow, fast]) == [0, 40, 60])
    decoys.move(from: fast, to: crypt)
    #expect(Self.shares(decoys, of: [crypt, slow, fast]) == [20, 40, 40])
    #expect(decoys.verifier(.max) != .locked)
  }

  @Test func `are as verifiers made here where there is no user who can log in`() {
    #expect(Decoys([]).verifier(.max) == .locked)
    #expect(Decoys([.locked]).verifier(0) == .locked)
    #expect(Decoys([.locked]).scram(7) == nil)
  }

  @Test func `of SCRAM are as the users who have it`() throws {
    let decoys = Decoys([try Self.crypt(Self.md5), Self.scram(20)])
    for number in [0, UInt64.max / 2, .max] { #expect(decoys.scram(number)?.iterations == 20) }
  }

  @Test(arguments: [
    ("$6$saltsalt$x", "$6"), ("$6$rounds=9000$saltsalt$x", "$6$rounds=9000"),
    ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9", "$y$j9T"), ("$1$saltsalt$9xy1", "$1"),
    ("$7$CU..../....saltsalt$x", "$7$CU..../...."), ("$7$DU..../....s$x", "$7$DU..../...."),
    ("$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", "$2b$04"),
  ])
  func `cost what method and rounds say`(hash: String, method: String) throws {
    #expect(try #require(CryptHash(hash[...])).method == method)
  }

  #if FAULT_INJECTION
    /// What one login costs.
    private struct Work: Equatable {
      var iterations: Int
      var hashes: [String]
    }

    /// What a login costs with these users.
    private func work(_ users: String, _ logins: [(String, String)]) async throws -> [Work] {
      let scratch = try ScratchDirectory()
      let path = scratch.path + "/users"
      try users.write(toFile: path, atomically: true, encoding: .utf8)
      return try await onLoop {
        let workers = WorkerPool(threads: 1)
        let accounts = try Accounts(path: path, domains: [], workers: workers) { _ in }
        var found: [Work] = []
        for (name, password) in logins {
          let before = await workers.run {
            (KeyDerivation.iterationsOfThread, CryptHash.methodsOfThread.count)
          }
          _ = await accounts.verify(user: name, password: Array(password.utf8))
          found.append(
            await workers.run {
              Work(
                iterations: KeyDerivation.iterationsOfThread - before.0,
                hashes: Array(CryptHash.methodsOfThread.dropFirst(before.1)))
            })
        }
        return found
      }
    }

    @Test func `make every login cost what one of a user costs`() async throws {
      let others = ["nobody", "nobody@home.example", "dora", "eric", "../x", ""]
      let logins = [("bert", "secret"), ("bert", "wrong")] + others.map { ($0, "secret") }
      let locked = "dora:!:\neric:$6$saltsalt$x:disabled=yes\n"
      let crypt = try await work("bert:\(Self.md5):\n" + locked, logins)
      #expect(crypt == logins.map { _ in Work(iterations: 0, hashes: ["$1"]) })
      let scram = try await work("bert:\(Self.scram(20).text):\n" + locked, logins)
      #expect(scram == logins.map { _ in Work(iterations: 20, hashes: []) })
      let none = try await work(locked, logins)
      #expect(none == logins.map { _ in Work(iterations: Limits.iterations, hashes: []) })
    }

    @Test func `cost the same for a name each time, in any spelling, and differ among names`()
      async throws
    {
      let users = "bert:\(Self.md5):\ncarl:\(Self.scram(20).text):\n"
      let names = (0..<64).map { "nobody\($0)" }
      let logins = names.flatMap { [($0, "x"), ($0.uppercased(), "secret")] }
      let found = try await work(users, logins)
      for (first, second) in zip(found.indices, found.indices.dropFirst()) where first % 2 == 0 {
        #expect(found[first] == found[second])
      }
      #expect(found.contains(Work(iterations: 20, hashes: [])))
      #expect(found.contains(Work(iterations: 0, hashes: ["$1"])))
    }
  #endif
}
