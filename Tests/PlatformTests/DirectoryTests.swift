import Foundation
import TestSupport
import Testing

@testable import Platform

@Suite struct DirectoryTests {
  @Test(
    "A name that leaves the directory is refused",
    arguments: ["", ".", "..", "a/b", "/etc", "a\0b"])
  func names(name: String) throws {
    let scratch = try ScratchDirectory()
    let directory = try Directory(path: scratch.path)
    do throws(SystemError) {
      _ = try directory.create(name)
      Issue.record("\(name) was taken")
    } catch { #expect(error.code == EINVAL) }
  }

  @Test("A symbolic link is not followed")
  func links() throws {
    let scratch = try ScratchDirectory()
    let directory = try Directory(path: scratch.path)
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/link", withDestinationPath: "/etc/passwd")
    do throws(SystemError) {
      _ = try directory.open("link")
      Issue.record("the link was followed")
    } catch { #expect(error.code == ELOOP) }
  }

  @Test("What is written, moved, linked and removed is seen in the listing")
  func life() throws {
    let scratch = try ScratchDirectory()
    let directory = try Directory(path: scratch.path)
    try directory.makeDirectory("new")
    #expect(try directory.makeDirectory("new") == false)
    let new = try directory.subdirectory("new")
    let file = try directory.create("one")
    try file.writeAll(Array("hello".utf8))
    try file.synchronizeData()
    try directory.link("one", to: new, as: "two")
    try directory.rename("one", to: new, as: "three")
    #expect(try new.entryNames().sorted() == ["three", "two"])
    #expect(try new.open("three").readAll(limit: 5) == Array("hello".utf8))
    #expect(try new.status(of: "two").links == 2)
    do throws(SystemError) {
      try new.renameExclusively("two", to: new, as: "three")
      Issue.record("a file was replaced")
    } catch { #expect(error.isAlreadyExisting) }
    #expect(try new.remove("two"))
    #expect(try !new.remove("two"))
    try new.setModified("three", 86_400)
    #expect(try new.status(of: "three").modified == 86_400)
  }

  @Test("A listing longer than one kernel buffer is whole")
  func manyEntries() throws {
    let scratch = try ScratchDirectory()
    let directory = try Directory(path: scratch.path)
    for number in 0..<1500 { _ = try directory.create("a-rather-long-file-name-\(number)") }
    #expect(Set(try directory.entryNames()).count == 1500)
    #expect(try directory.entryNames().count == 1500)
  }

  @Test("A file longer than the limit is not read")
  func limit() throws {
    let scratch = try ScratchDirectory()
    let directory = try Directory(path: scratch.path)
    try directory.create("big").writeAll([UInt8](repeating: 1, count: 100))
    do throws(SystemError) {
      _ = try directory.open("big").readAll(limit: 99)
      Issue.record("the limit was passed over")
    } catch { #expect(error.code == EFBIG) }
  }

  @Test("A file is replaced as a whole, or stays as it is when somebody has been faster")
  func replacing() throws {
    let scratch = try ScratchDirectory()
    let directory = try Directory(path: scratch.path)
    func content() throws -> String {
      String(decoding: try directory.open("file").readAll(limit: 100), as: UTF8.self)
    }
    let status = try directory.replace("file", with: Array("one".utf8), mode: 0o640)
    #expect(try status?.inode == directory.status(of: "file").inode)
    #expect(status?.bytes == 3 && status?.mode == 0o640)
    try directory.replace("file", with: Array("two".utf8))
    #expect(try content() == "two")
    #expect(try directory.status(of: "file").mode == 0o600)
    let overtaken = try directory.replace("file", with: [1]) { () throws(SystemError) in true }
    #expect(overtaken == nil)
    #expect(try content() == "two")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["file"])
  }

  #if FAULT_INJECTION
    @Test(
      "Whatever call fails, the file is the old one or the new one, and nothing is left beside it")
    func failing() throws {
      for n in 1... {
        let scratch = try ScratchDirectory()
        let directory = try Directory(path: scratch.path)
        try directory.replace("file", with: Array("old".utf8))
        let (isReached, failure) = FaultInjection.failing(call: n, with: 28) {
          () throws(SystemError) in
          try directory.replace("file", with: Array("new".utf8))
        }
        let content = try directory.open("file").readAll(limit: 100)
        #expect(String(decoding: content, as: UTF8.self) == (failure == nil ? "new" : "old"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["file"])
        guard isReached else { break }
      }
    }
  #endif
}
