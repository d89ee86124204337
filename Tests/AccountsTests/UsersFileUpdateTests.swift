import Foundation
import Platform
import TestSupport
import Testing

@testable import Accounts

@Suite struct `A change of the users file` {
  private let scratch: ScratchDirectory
  private var path: String { scratch.path + "/users" }

  init() throws { scratch = try ScratchDirectory() }

  private func write(_ text: String, mode: Int = 0o640) {
    _ = FileManager.default.createFile(
      atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
  }

  private func content() -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
  }

  private func addBob() throws(UsersFileError) {
    try UsersFile.update(path: path) { users throws(UsersFileError) in
      guard let bob = UserName("bob") else { return }
      try users.add(User(name: bob, verifier: .locked))
    }
  }

  @Test func `keeps the mode`() throws {
    write("alice:!\n", mode: 0o600)
    try addBob()
    #expect(content() == "alice:!\nbob:!:\n")
    #expect(try Descriptor.reading(path: path).status().mode == 0o600)
    #expect(try names() == ["users"])
  }

  @Test(.enabled(if: geteuid() == 0)) func `keeps the owner`() throws {
    write("alice:!\n")
    try #require(chown(path, 12, 34) == 0)
    try addBob()
    let status = try Descriptor.reading(path: path).status()
    #expect([status.owner, status.group] == [12, 34])
  }

  @Test(.enabled(if: geteuid() == 0)) func `gives a new file to the group of its directory`() throws
  {
    try #require(chown(scratch.path, 0, 34) == 0)
    try addBob()
    let status = try Descriptor.reading(path: path).status()
    #expect([status.owner, status.group, status.mode] == [0, 34, 0o640])
  }

  @Test func `is not made when it fails`() throws {
    write("alice:!\nbob:!\n")
    let error = UsersFileError(
      reason: "bob is there already; a new password is set with: gatepost user passwd bob")
    #expect(throws: error) { try addBob() }
    #expect(content() == "alice:!\nbob:!\n")
    #expect(try names() == ["users"])
  }

  @Test func `is not made to a file that is wrong`() throws {
    write("nonsense\n")
    let error = UsersFileError(reason: "\(path):1: the line is not \"name:verifier:options\"")
    #expect(throws: error) { try addBob() }
    #expect(content() == "nonsense\n")
  }

  @Test func `does not replace a link`() throws {
    let target = scratch.path + "/real"
    _ = FileManager.default.createFile(atPath: target, contents: Data())
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    let error = #expect(throws: UsersFileError.self) { try addBob() }
    #expect(error?.description.hasSuffix("it is a symbolic link: name the file itself") == true)
    #expect(try names() == ["real", "users"])
  }

  @Test func `tidies up after one that a crash cut off`() throws {
    write("alice:!\n")
    _ = FileManager.default.createFile(atPath: scratch.path + "/.users.new", contents: Data())
    try addBob()
    #expect(content() == "alice:!\nbob:!:\n")
    #expect(try names() == ["users"])
  }

  @Test(arguments: ["alice:!\n", nil])
  func `leaves the old file or the new one, whatever call fails`(old: String?) throws {
    var n = 0
    var isReached = true
    while isReached {
      n += 1
      if let old { write(old) } else { try? FileManager.default.removeItem(atPath: path) }
      let outcome = FaultInjection.failing(call: n, with: ENOSPC, in: addBob)
      isReached = outcome.reached
      let new = (old ?? "") + "bob:!:\n"
      if outcome.failure == nil {
        #expect(content() == new, "call \(n)")
      } else {
        #expect(content() == old || content() == new, "call \(n)")
      }
      #expect(try names().allSatisfy { $0 == "users" }, "call \(n)")
    }
    #expect(n > 8)
  }
}
