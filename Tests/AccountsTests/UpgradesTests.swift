import EventLoop
import Foundation
import Mail
import Platform
import TLS
import TestSupport
import Testing

@testable import Accounts
@testable import SASL

@Suite struct `Upgrades of hashes` {
  private let scratch: ScratchDirectory
  private var file: String { scratch.path + "/verifiers" }

  /// Hashes of `secret`, and one of `other`.
  private static let sha256 = "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"
  private static let md5 = "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"
  private static let users = "alice:!:\nbert:\(sha256):quota=1MB\n"

  init() throws { scratch = try ScratchDirectory() }

  private func write(_ users: String) throws {
    try users.write(toFile: scratch.path + "/users", atomically: true, encoding: .utf8)
  }

  /// A start of the program, as far as logins need it; `said` is what was reported.
  @Loop private func start(
    upgrading: Bool = true, workers: WorkerPool = WorkerPool(threads: 1),
    disk: WorkerPool = WorkerPool(threads: 1), said: @escaping @Loop (String) -> Void = { _ in }
  ) throws -> Accounts {
    let accounts = try Accounts(
      path: scratch.path + "/users", domains: [], workers: workers,
      upgrades: Upgrades(path: scratch.path, disk: disk, report: said), report: said)
    accounts.setUpgradesHashes(upgrading)
    return accounts
  }

  /// Whether bert gets in by SCRAM with this password.
  @Loop private func scram(_ accounts: Accounts, _ password: String = "secret") async throws -> Bool
  {
    let client = SCRAMClient(user: "bert", password: password)
    return try await accounts.logIn(client, as: "bert") == ("verified bert", true)
  }

  @Loop private func writeFile(_ accounts: Accounts) async {
    await accounts.upgrades?.write(accounts.users)
  }

  @Test func `let a user log in by SCRAM after one login, also after a restart`() async throws {
    try write(Self.users)
    try await onLoop {
      var accounts = try self.start()
      let credential = accounts.credential(ofUser: "bert")
      #expect(try await !self.scram(accounts))
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
      #expect(try await self.scram(accounts))
      #expect(try await !self.scram(accounts, "other"))
      #expect(accounts.credential(ofUser: "bert") == credential, "a grant goes on")
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
      #expect(await accounts.logIn("bert", "other") == "wrong")
      await self.writeFile(accounts)
      accounts = try self.start()
      #expect(try await self.scram(accounts))
    }
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(
      text.split(separator: "\n").last?.hasPrefix("bert 7aceee957eb92643 {SCRAM-SHA-256}100000,")
        == true)
    #expect(try String(contentsOfFile: scratch.path + "/users", encoding: .utf8) == Self.users)
  }

  @Test func `end with a new password, a user who is shut out, and the setting`() async throws {
    try write(Self.users)
    try await onLoop {
      let accounts = try self.start()
      _ = await accounts.logIn("bert", "secret")
      try self.write("bert:\(Self.sha256):disabled=yes\n")
      #expect(try await !self.scram(accounts))
      #expect(await accounts.logIn("bert", "secret") == "wrong")
      try self.write("alice:!:\nbert:\(Self.sha256):\n")
      #expect(try await self.scram(accounts), "the password is the same")
      await self.writeFile(accounts)

      accounts.setUpgradesHashes(false)
      #expect(try await !self.scram(accounts))
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
      #expect(try await !self.scram(accounts))
      accounts.setUpgradesHashes(true)
      #expect(try await self.scram(accounts))

      let other = Verifier.scram(try SCRAMVerifier(password: Array("other".utf8)))
      try self.write("bert:\(other.text):\n")
      #expect(try await !self.scram(accounts))
      #expect(try await self.scram(accounts, "other"))
      #expect(await accounts.logIn("bert", "secret") == "wrong")
      await self.writeFile(accounts)
    }
    #expect(!(try String(contentsOfFile: file, encoding: .utf8)).contains("bert"))
  }

  @Test func `are made for a right password only, and once`() async throws {
    let bcrypt = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
    try write(Self.users + "carl:\(bcrypt):\n")
    try await onLoop {
      let accounts = try self.start()
      for (user, password) in [("bert", "other"), ("alice", "secret"), ("nobody", "secret")] {
        #expect(await accounts.logIn(user, password) == "wrong")
      }
      #expect(accounts.upgrades?.table == UpgradeTable())
      // Two at the same time, of which the second finds the verifier of the first.
      async let first = accounts.logIn("bert", "secret")
      async let second = accounts.logIn("BERT", "secret")
      #expect(await [first, second] == ["verified bert", "verified bert"])
      let verifier = accounts.upgrades?.table?.current(try #require(UserName("bert")))
      #expect(verifier != nil)
      _ = await accounts.logIn("bert", "secret")
      #expect(accounts.upgrades?.table?.current(try #require(UserName("bert"))) == verifier)
    }
  }

  @Test func `are made for a user of APOP, who goes on with the plain secret`() async throws {
    try write("bert:{PLAIN}secret:\n")
    try await onLoop {
      let accounts = try self.start()
      #expect(try await self.scram(accounts))
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
      #expect(try await self.scram(accounts))
      // MD5 of "<1@x>secret".
      let digest = Array("37257aa37904a2ac86c6572e6528a18c".utf8)
      guard case .verified = accounts.verify(user: "bert", timestamp: "<1@x>", digest: digest)
      else {
        Issue.record("the plain secret is not taken")
        return
      }
    }
  }

  @Test func `are not made of a password that bcrypt has not read to its end`() throws {
    let bcrypt = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
    let hash = try #require(CryptHash(bcrypt[...]))
    #expect(hash.covers([UInt8](repeating: 0x61, count: 71)))
    #expect(!hash.covers([UInt8](repeating: 0x61, count: 72)))
    let other = try #require(CryptHash(Self.sha256[...]))
    #expect(other.covers([UInt8](repeating: 0x61, count: 248)))
  }

  @Test func `show what was shown of the name before`() async throws {
    try write(Self.users)
    try await onLoop {
      let accounts = try self.start()
      let shown = try accounts.scramParameters(user: "bert", binding: nil)
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
      #expect(try await self.scram(accounts))
      for name in ["bert", "Bert"] {
        let now = try accounts.scramParameters(user: name, binding: nil)
        #expect(now.salt == shown.salt)
        #expect(now.iterations == shown.iterations)
      }
    }
  }

  @Test(arguments: [10, 20_000])
  func `are as strong as the verifiers made here, whatever others have`(iterations: Int)
    async throws
  {
    let foreign = SCRAMVerifier(password: [0x78], salt: [1, 2, 3, 4], iterations: iterations)
    try write(Self.users + "zoe:\(Verifier.scram(foreign).text):\n")
    try await onLoop {
      let accounts = try self.start()
      let shown = try accounts.scramParameters(user: "bert", binding: nil)
      #expect(shown.iterations == iterations)
      #expect(await accounts.logIn("bert", "secret") == "verified bert")
      let now = try accounts.scramParameters(user: "bert", binding: nil)
      let other = try SCRAMVerifier(password: [0x78])
      #expect(now.iterations == other.iterations)
      #expect(now.salt.count == other.salt.count)
      #expect(now.salt.starts(with: shown.salt))
    }
  }

  // MARK: The file

  private static let line =
    "bert 7aceee957eb92643 {SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
    + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

  @Test func `are read as they are written, without lines that make no sense`() throws {
    let bad = [
      "bert", "bert x", "../b" + Self.line.dropFirst(4),
      Self.line.replacingOccurrences(of: "7ace", with: "7ac"),
      Self.line.replacingOccurrences(of: "7ace", with: "+ace"),
      Self.line.replacingOccurrences(of: "{SCRAM-SHA-256}", with: ""),
      "bert 7aceee957eb92643 \(Self.sha256)", "bert 9580fc6d2a7e1cc3 !", Self.line + " x",
    ]
    let text = (bad + [Self.line, "", "# x"]).joined(separator: "\n")
    let (table, badLines) = UpgradeFile.parse(Array(text.utf8))
    #expect(badLines == Array(1...bad.count))
    #expect(table.names.map(\.text) == ["bert"])
    let (again, none) = UpgradeFile.parse(UpgradeFile.text(of: table))
    #expect(again == table)
    #expect(none.isEmpty)
  }

  @Test(arguments: ["writable", "link", "fifo", "folder", "foreign", "good"])
  func `are believed only where nobody else can have written them`(kind: String) async throws {
    try write(Self.users)
    let other = scratch.path + "/other"
    let content = Data((Self.line + "\n").utf8)
    _ = FileManager.default.createFile(
      atPath: kind == "link" ? other : file, contents: content,
      attributes: [.posixPermissions: kind == "writable" ? 0o660 : 0o640])
    switch kind {
    case "link": #expect(symlink(other, file) == 0)
    case "fifo", "folder":
      unlink(file)
      #expect((kind == "fifo" ? mkfifo(file, 0o600) : mkdir(file, 0o700)) == 0)
    case "foreign":
      // Only root can give a file away.
      if chown(file, 12345, 12345) != 0 { return }
    default: break
    }
    try await onLoop {
      var said: [String] = []
      let accounts = try self.start { said.append($0) }
      #expect(try await self.scram(accounts, "pencil") == (kind == "good"))
      #expect((said.first?.hasPrefix("verifiers: ") == true) == (kind != "good"), "\(said)")
      #expect(
        await accounts.logIn("bert", "secret") == (kind == "good" ? "wrong" : "verified bert"))
    }
  }

  #if FAULT_INJECTION
    @Test func `break no login and no file, whatever call fails`() async throws {
      try write(Self.users + "carl:\(Self.md5):\n")
      try await onLoop {
        let (workers, disk) = (WorkerPool(threads: 1), WorkerPool(threads: 1))
        for n in 1... {
          unlink(self.file)
          var said: [String] = []
          let accounts = try self.start(workers: workers, disk: disk) { said.append($0) }
          #expect(await accounts.logIn("carl", "secret") == "verified carl")
          await self.writeFile(accounts)
          await disk.run { FaultInjection.begin(call: n, .onwards, with: ENOSPC) }
          for _ in 1...2 {
            #expect(await accounts.logIn("bert", "secret") == "verified bert")
            #expect(try await self.scram(accounts))
            await self.writeFile(accounts)
          }
          let isReached = await disk.run { FaultInjection.end() }
          #expect(said.count == (isReached ? 1 : 0), "call \(n): \(said)")
          let names = UpgradeFile.parse(Array(try Data(contentsOf: URL(filePath: self.file))))
          #expect(names.badLines.isEmpty)
          #expect(names.table.names.map(\.text).contains("carl"), "call \(n)")
          await self.writeFile(accounts)
          let next = try self.start()
          #expect(try await self.scram(next), "call \(n)")
          if !isReached { break }
        }
      }
    }

    @Test func `break no login where the file cannot be read, or nothing is random`() async throws {
      try write(Self.users)
      try (Self.line + "\n").write(toFile: file, atomically: true, encoding: .utf8)
      try await onLoop {
        let workers = WorkerPool(threads: 1)
        for n in 1... {
          let accounts = try self.start(upgrading: false, workers: workers)
          let isReached =
            FaultInjection.failing(call: n, with: EIO) { accounts.setUpgradesHashes(true) }.reached
          if !isReached {
            #expect(try await self.scram(accounts, "pencil"))
            break
          }
          #expect(await accounts.logIn("bert", "secret") == "verified bert", "call \(n)")
        }
        try FileManager.default.removeItem(atPath: self.file)
        for n in 1... {
          let accounts = try self.start(workers: workers)
          await workers.run { FaultInjection.begin(call: n, with: EIO) }
          #expect(await accounts.logIn("bert", "secret") == "verified bert", "call \(n)")
          let isReached = await workers.run { FaultInjection.end() }
          #expect(await accounts.logIn("bert", "secret") == "verified bert")
          #expect(try await self.scram(accounts))
          if !isReached { break }
        }
      }
    }
  #endif
}
