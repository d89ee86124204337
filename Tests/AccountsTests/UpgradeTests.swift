import EventLoop
import Foundation
import Mail
import Platform
import SASL
import TestSupport
import Testing

@testable import Accounts

/// A hash of crypt(3) becomes a verifier for SCRAM at a login.
@Suite struct UpgradeTests {
  private static let crypt = "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"

  @Loop
  private final class Bed {
    nonisolated let scratch: ScratchDirectory
    private(set) var accounts: Accounts
    var reports: [String] = []

    init(_ users: String = "bert:\(UpgradeTests.crypt):\n") throws {
      scratch = try ScratchDirectory()
      try users.write(toFile: "\(scratch.path)/users", atomically: true, encoding: .utf8)
      accounts = try Self.open(scratch.path)
      try attach()
    }

    private static func open(_ path: String) throws -> Accounts {
      try Accounts(path: "\(path)/users", domains: [], workers: WorkerPool(threads: 1)) { _ in }
    }

    private func attach() throws {
      accounts.upgraded = try UpgradedVerifiers(
        path: scratch.path, disk: WorkerPool(threads: 1)
      ) { [weak self] in self?.reports.append($0) }
    }

    func restart() throws {
      accounts = try Self.open(scratch.path)
      try attach()
    }

    /// Whether a password is taken.
    func logIn(_ user: String = "bert", _ password: String = "secret") async -> Bool {
      if case .verified = await accounts.verify(user: user, password: Array(password.utf8)) {
        return true
      }
      return false
    }

    /// Whether a client gets in that sends a proof.
    func prove(_ user: String = "bert", _ password: String = "secret") throws -> Bool {
      var client = SCRAMClient(user: user, password: password)
      var exchange = ServerExchange(.scramSHA256, isBindingOffered: false)
      _ = exchange.start(initialResponse: Array(client.first.utf8))
      let step = exchange.lookedUp(try accounts.scramParameters(user: user, binding: nil))
      guard case .challenge(let challenge) = step,
        let final = client.final(String(decoding: challenge, as: UTF8.self)),
        case .check(let proof) = exchange.respond(Array(final.utf8))
      else { return false }
      if case .verified = accounts.verify(proof).verification { return true }
      return false
    }

    nonisolated var path: String { "\(scratch.path)/verifiers" }
  }

  @Test func `After a login with the password SCRAM works, also over a restart`() async throws {
    try await onLoop {
      let bed = try Bed()
      let credential = bed.accounts.credential(ofUser: "bert")
      #expect(try !bed.prove())
      #expect(await !bed.logIn("bert", "wrong"))
      #expect(!FileManager.default.fileExists(atPath: bed.path))
      #expect(await bed.logIn())
      #expect(try bed.prove())
      #expect(try !bed.prove("bert", "wrong"))
      try bed.restart()
      #expect(try bed.prove())
      #expect(await bed.logIn())
      #expect(await !bed.logIn("bert", "wrong"))
      // No grant of POP-before-SMTP ends by it.
      #expect(bed.accounts.credential(ofUser: "bert") == credential)
      let mode = try FileManager.default.attributesOfItem(atPath: bed.path)[.posixPermissions]
      #expect(mode as? Int == 0o600)
      #expect(bed.reports == [])
    }
  }

  @Test func `It ends with the hash that it was made for, and with the user`() async throws {
    try await onLoop {
      let bed = try Bed()
      #expect(await bed.logIn())
      for users in ["bert:!:\n", "bert:\(Self.crypt):disabled=yes\n", "anna:!:\n"] {
        try users.write(toFile: "\(bed.scratch.path)/users", atomically: true, encoding: .utf8)
        #expect(try !bed.prove())
        #expect(await !bed.logIn())
      }
      let other = "bert:$5$other$zl5hzOv1eJ1W/wU7zSgzAbQUTSd9LYvFAOxWhAlr5m/:\n"
      try other.write(toFile: "\(bed.scratch.path)/users", atomically: true, encoding: .utf8)
      #expect(try !bed.prove())
      #expect(await !bed.logIn())
    }
  }

  @Test func `Lines of users who have gone leave the file with the next one`() async throws {
    try await onLoop {
      let bed = try Bed("bert:\(Self.crypt):\ncarl:\(Self.crypt):\n")
      #expect(await bed.logIn("carl"))
      try "bert:\(Self.crypt):\n".write(
        toFile: "\(bed.scratch.path)/users", atomically: true, encoding: .utf8)
      #expect(await bed.logIn("bert"))
      let lines = try String(contentsOfFile: bed.path, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 1 && lines[0].hasPrefix("bert "))
    }
  }

  @Test func `A file that others can read is not believed, and harms no login`() async throws {
    try await onLoop {
      let bed = try Bed()
      #expect(await bed.logIn())
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: bed.path)
      try bed.restart()
      #expect(try !bed.prove())
      #expect(bed.reports.count == 1)
      #expect(await bed.logIn())
      #expect(try bed.prove())
    }
  }

  @Test(arguments: ["", "x", "bert", "bert 00 {SCRAM-SHA-256}", "bert 00 $5$a$b c", "\u{0}"])
  func `What is no line of it is nobody's`(text: String) async throws {
    try await onLoop {
      let bed = try Bed()
      try text.write(toFile: bed.path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: bed.path)
      try bed.restart()
      #expect(try !bed.prove())
      #expect(await bed.logIn())
    }
  }

  #if FAULT_INJECTION
    @Test func `Whatever fails, the file is the old one or the new one`() async throws {
      try await onLoop {
        for n in 1... {
          let bed = try Bed()
          #expect(await bed.logIn())
          let old = try String(contentsOfFile: bed.path, encoding: .utf8)
          let upgraded = try #require(bed.accounts.upgraded)
          let (isReached, failure) = FaultInjection.failing(call: n, with: 28) {
            () throws(SystemError) in
            try upgraded.replace(with: Array("new\n".utf8))
          }
          let text = try String(contentsOfFile: bed.path, encoding: .utf8)
          #expect(text == (failure == nil ? "new\n" : old), "call \(n)")
          guard isReached else { break }
        }
      }
    }
  #endif

  @Test func `A name that nobody has costs what some user costs, and always the same`() async throws
  {
    try await onLoop {
      let scram = try Verifier.scram(SCRAMVerifier(password: [1]))
      let bed = try Bed("anna:\(scram.text):\nbert:\(Self.crypt):\ncora:!\n")
      let known = ["anna", "bert", "cora"].map { bed.accounts.verifier(ofUserNamed: $0) }
      var counts = [0, 0, 0]
      for number in 0..<90 {
        let verifier = bed.accounts.verifier(ofUserNamed: "nobody\(number)")
        #expect(verifier == bed.accounts.verifier(ofUserNamed: "Nobody\(number)"))
        counts[try #require(known.firstIndex(of: verifier))] += 1
      }
      #expect(counts.allSatisfy { $0 > 10 })
      // The password of the user whose verifier it is opens nothing.
      for number in 0..<9 { #expect(await !bed.logIn("nobody\(number)", "secret")) }
    }
  }
}
