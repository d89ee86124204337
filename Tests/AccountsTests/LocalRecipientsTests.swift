import EventLoop
import Foundation
import Mail
import TestSupport
import Testing

@testable import Accounts

@Suite struct `The local recipients` {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private func write(_ text: String, to name: String) {
    // Another inode each time, as an editor makes one: no two versions of a test look alike.
    let draft = scratch.path + "/draft-\(UUID())"
    _ = FileManager.default.createFile(atPath: draft, contents: Data(text.utf8))
    rename(draft, "\(scratch.path)/\(name)")
  }

  /// What was reported.
  @Loop private final class Reports {
    var lines: [String] = []
    nonisolated init() {}
  }

  /// The recipients of the files in a directory.
  @Loop private struct Bed {
    let recipients: LocalRecipients
    private let reports = Reports()
    private let path: String

    var lines: [String] { reports.lines }

    init(_ path: String) throws {
      self.path = path
      let domain = try #require(Domain("home.example"))
      let accounts = try Accounts(
        path: path + "/users", domains: [domain], workers: WorkerPool(threads: 1)
      ) { [reports] in reports.lines.append($0) }
      let aliases = Aliases(path: path + "/aliases") { [reports] in reports.lines.append($0) }
      recipients = LocalRecipients(
        accounts: accounts, aliases: aliases,
        rules: LocalRules(domains: [domain], separator: UInt8(ascii: "+")))
    }

    func resolve(_ name: String) -> String {
      guard let mailbox = Mailbox("\(name)@home.example") else { return "no mailbox" }
      do throws(UsersFileError) {
        guard let it = try recipients.resolve(mailbox) else { return "unknown" }
        return (it.users + it.remote.map(\.text)).joined(separator: " ")
      } catch {
        return "temporary: \(error.description.replacing(path, with: "DIR"))"
      }
    }
  }

  /// Runs `body` with recipients of these users and aliases.
  private func with(
    users: String, aliases: String?, _ body: @escaping @Loop @Sendable (Bed) throws -> Void
  ) async throws {
    write(users, to: "users")
    if let aliases { write(aliases, to: "aliases") }
    let path = scratch.path
    try await onLoop { try body(Bed(path)) }
  }

  @Test func `follow both files without a signal`() async throws {
    let test = self
    try await with(users: "anna:!\n", aliases: nil) { bed in
      #expect(bed.resolve("anna") == "anna")
      #expect(bed.resolve("office") == "unknown")
      test.write("office: anna, x@far.example\n", to: "aliases")
      #expect(bed.resolve("office") == "anna x@far.example")
      test.write("anna:!\nben:!\n", to: "users")
      test.write("office: ben\n", to: "aliases")
      #expect(bed.resolve("office+x") == "ben")
      unlink(test.scratch.path + "/aliases")
      #expect(bed.resolve("office") == "unknown")
      bed.recipients.rules.catchAll = .name("ben")
      #expect(bed.resolve("office") == "ben")
      #expect(bed.lines.isEmpty)
    }
  }

  @Test(arguments: ["aliases", "users"])
  func `go on with the last good content of a bad file`(name: String) async throws {
    let test = self
    try await with(users: "anna:!\n", aliases: "office: anna\n") { bed in
      test.write("bad\n", to: name)
      bed.recipients.rules.catchAll = .name("anna")
      for _ in 0..<2 {
        #expect(bed.resolve("office") == "anna")
        #expect(bed.resolve("anna+x") == "anna")
        #expect(bed.resolve("postmaster") == "postmaster")
        #expect(bed.resolve("carol").hasPrefix("temporary: DIR/\(name):1: the line is not"))
      }
      #expect(bed.lines.count == 1)
      #expect(bed.lines.last?.hasSuffix("; the \(name) known so far stay") == true)
      test.write(name == "users" ? "anna:!\n" : "", to: name)
      #expect(bed.resolve("carol") == "anna")
      #expect(bed.lines.last == "\(test.scratch.path)/\(name): is in use again")
    }
  }

  @Test func `put off mail that aliases lead nowhere, and report it once for a version`()
    async throws
  {
    let test = self
    try await with(users: "anna:!\n", aliases: "a: b\nb: a\n") { bed in
      let reason = "the alias \"b\" leads to \"a\", which leads back to it"
      #expect(bed.resolve("a") == "temporary: \(reason)")
      #expect(bed.resolve("a") == "temporary: \(reason)")
      #expect(bed.lines == [reason])
      test.write("a: b\nb: a \n", to: "aliases")
      #expect(bed.resolve("a") == "temporary: \(reason)")
      #expect(bed.lines == [reason, reason])
    }
  }

  @Test func `report a bounded number of aliases that lead nowhere`() async throws {
    let aliases = (1...50).map { "a\($0): nobody\n" }.joined()
    try await with(users: "anna:!\n", aliases: aliases) { bed in
      for number in 1...50 { #expect(bed.resolve("a\(number)").hasPrefix("temporary: ")) }
      #expect(bed.lines.count == 20)
    }
  }

  @Test func `put off what bad aliases may be for, from the start on`() async throws {
    try await with(users: "anna:!\n", aliases: nil) { _ in }
    write("bad\n", to: "aliases")
    let path = scratch.path
    await onLoop {
      var troubles: [String?] = []
      let aliases = Aliases(
        path: path + "/aliases", trouble: { troubles.append($0) }, report: { _ in })
      #expect(aliases.problem != nil && troubles.count == 1)
      #expect(throws: UsersFileError.self) { try AliasesFile.check(path: path + "/aliases") }
    }
    #expect(throws: Never.self) { try AliasesFile.check(path: path + "/none") }
  }
}
