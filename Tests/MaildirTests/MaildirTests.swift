import Foundation
import Platform
import TestSupport
import Testing

@testable import Maildir

struct MaildirTests {
  @Test func `Messages are listed by time and then by name, from both folders`() throws {
    let sample = try Sample()
    for file in [
      "new/20.b.h,S=1,W=2", "cur/20.a.h,S=1,W=3:2,S", "new/9.z.h,W=4", "cur/100.a.h,W=5:2,",
      "new/nine,W=6", "cur/20.a,W=7:2,",
    ] { try sample.put(file) }
    #expect(
      try sample.list() == ["nine 6", "9.z.h 4", "20.a 7", "20.a.h 3", "20.b.h 2", "100.a.h 5"])
  }

  @Test func `A size in the name is believed and any other is measured`() throws {
    let sample = try Sample()
    try sample.put("new/1.a.h,S=5,W=99", "a\nb\n")
    try sample.put("new/2.a.h,S=5", "a\nb\n")
    try sample.put("cur/3.a.h:2,S", String(repeating: "0123456789\r\n", count: 10_000) + "end")
    #expect(try sample.list() == ["1.a.h 99", "2.a.h 6", "3.a.h 120005"])
  }

  @Test func `Links, directories and hidden files are no messages`() throws {
    let sample = try Sample()
    try sample.put("new/.hidden", "x")
    let new = "\(sample.scratch.path)/alice/new"
    try FileManager.default.createSymbolicLink(
      atPath: "\(new)/1.link.h", withDestinationPath: "/etc/passwd")
    try FileManager.default.createDirectory(
      atPath: "\(new)/2.directory.h", withIntermediateDirectories: false)
    #expect(try sample.list() == [])
  }

  @Test func `A link is not followed even when its name has a size`() throws {
    let sample = try Sample()
    try FileManager.default.createSymbolicLink(
      atPath: "\(sample.scratch.path)/alice/new/1.link.h,W=9", withDestinationPath: "/etc/passwd")
    let contents = try sample.maildir.contents()
    #expect(throws: SystemError.self) { _ = try sample.content(0, of: contents) }
  }

  @Test func `A file seen in both folders while it was moved is one message`() throws {
    let sample = try Sample()
    try sample.put("new/1.a.h,S=1,W=2")
    try sample.put("cur/1.a.h,S=1,W=2:2,S")
    #expect(try sample.list() == ["1.a.h 2"])
    let contents = try sample.maildir.contents()
    #expect(contents.isNew(0) == false)
  }

  @Test func `A unique part that is no unique-id is replaced by its hash`() throws {
    let sample = try Sample()
    try sample.put("new/1.a b.h,W=2")
    try sample.put("new/2.\(String(repeating: "x", count: 70)),W=3")
    try sample.put("new/3.c.h,W=4")
    let list = try sample.list()
    #expect(list.map(\.utf8.count) == [34, 34, 7])
    #expect(try sample.list() == list)
    try sample.move("new/1.a b.h,W=2", to: "cur/1.a b.h,W=2:2,S")
    #expect(try sample.list() == list)
  }

  @Test func `No more messages than the limit are listed`() throws {
    let sample = try Sample()
    for number in 1...5 { try sample.put("new/\(number).a.h,W=1") }
    #expect(try sample.list(limit: 3).count == 3)
    #expect(try sample.list(limit: 5).count == 5)
  }

  @Test func `A message is opened wherever another program has moved it`() throws {
    let sample = try Sample()
    try sample.put("new/1.a.h,S=3,W=4", "one")
    try sample.put("new/2.a.h,S=3,W=4", "two")
    try sample.put("cur/3.a.h:2,", "three")
    let contents = try sample.maildir.contents()
    try sample.move("new/1.a.h,S=3,W=4", to: "cur/1.a.h,S=3,W=4:2,S")
    try sample.move("new/2.a.h,S=3,W=4", to: "cur/2.a.h,S=3,W=4")
    try sample.move("cur/3.a.h:2,", to: "cur/3.a.h:2,RS")
    #expect(try (0..<3).map { try sample.content($0, of: contents) } == ["one", "two", "three"])
  }

  @Test func `A message that was removed is gone, and its neighbour is not taken for it`() throws {
    let sample = try Sample()
    try sample.put("new/1.a.h", "one")
    let contents = try sample.maildir.contents()
    try sample.move("new/1.a.h", to: "new/1.a.host")
    #expect(try sample.content(0, of: contents) == nil)
  }

  @Test func `Removal finds what was moved, and leaves the rest`() throws {
    let sample = try Sample()
    for number in 1...5 { try sample.put("new/\(number).a.h,S=1,W=2", "x\n") }
    let contents = try sample.maildir.contents()
    try sample.move("new/2.a.h,S=1,W=2", to: "cur/2.a.h,S=1,W=2:2,S")
    try sample.move("new/3.a.h,S=1,W=2", to: "cur/3.a.h,S=1,W=2:2,")
    try FileManager.default.removeItem(atPath: "\(sample.scratch.path)/alice/new/4.a.h,S=1,W=2")
    let result = sample.maildir.remove([0, 1, 3], of: contents)
    #expect(result.failures == 0)
    #expect(try sample.files() == ["cur/3.a.h,S=1,W=2:2,", "new/5.a.h,S=1,W=2"])
  }

  @Test func `A message is found when another program has changed the sizes in its name`() throws {
    let sample = try Sample()
    for number in 1...4 { try sample.put("new/\(number).a.h,S=9,W=9", "\(number)") }
    let contents = try sample.maildir.contents()
    try sample.move("new/1.a.h,S=9,W=9", to: "cur/1.a.h,S=1:2,S")
    try sample.move("new/2.a.h,S=9,W=9", to: "cur/2.a.h:2,")
    #expect(try (0..<4).map { try sample.content($0, of: contents) } == ["1", "2", "3", "4"])
    #expect(sample.maildir.remove([0, 1, 2], of: contents).failures == 0)
    #expect(try sample.files() == ["new/4.a.h,S=9,W=9"])
  }

  @Test func `A copy of a message that has gone is not taken for it`() throws {
    let sample = try Sample()
    for name in ["1.a.h", "1.a.h,S=1", "1.a.h,S=1,W=2"] { try sample.put("cur/\(name):2,", name) }
    let contents = try sample.maildir.contents()
    #expect(contents.count == 3)
    try FileManager.default.removeItem(atPath: "\(sample.scratch.path)/alice/cur/1.a.h,S=1:2,")
    #expect(
      try (0..<3).map { try sample.content($0, of: contents) } == ["1.a.h", nil, "1.a.h,S=1,W=2"])
    try sample.move("cur/1.a.h:2,", to: "cur/1.a.h:2,S")
    #expect(sample.maildir.remove([0, 1], of: contents).failures == 0)
    #expect(try sample.files() == ["cur/1.a.h,S=1,W=2:2,"])
  }

  @Test func `What comes beside a message that was moved is another one`() throws {
    let sample = try Sample()
    try sample.put("new/1.a.h,S=1", "1")
    let contents = try sample.maildir.contents()
    try sample.move("new/1.a.h,S=1", to: "cur/1.a.h,S=1:2,S")
    try sample.put("cur/1.a.h:2,", "other")
    #expect(try sample.content(0, of: contents) == "1")
    #expect(sample.maildir.remove([0], of: contents).failures == 0)
    #expect(try sample.files() == ["cur/1.a.h:2,"])
  }

  @Test
  func
    `Of copies whose sizes were changed nobody can tell which is which, and the client hears it`()
    throws
  {
    let sample = try Sample()
    for name in ["1.a.h,S=8", "1.a.h,S=9"] { try sample.put("cur/\(name):2,", name) }
    let contents = try sample.maildir.contents()
    try sample.move("cur/1.a.h,S=8:2,", to: "cur/1.a.h,S=1:2,")
    #expect(try sample.content(0, of: contents) == nil)
    let result = sample.maildir.remove([0], of: contents)
    #expect(result.failures == 1)
    #expect(try sample.files() == ["cur/1.a.h,S=1:2,", "cur/1.a.h,S=9:2,"])
  }

  @Test func `What cannot be removed is counted, and the rest is removed`() throws {
    let sample = try Sample()
    for number in 1...3 { try sample.put("new/\(number).a.h,W=2") }
    let contents = try sample.maildir.contents()
    let path = "\(sample.scratch.path)/alice/new/2.a.h,W=2"
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    let result = sample.maildir.remove([0, 1, 2], of: contents)
    #expect(result.failures == 1)
    #expect(result.reason != nil)
    #expect(try sample.files() == ["new/2.a.h,W=2"])
  }

  @Test func `Before the first delivery there is no Maildir`() throws {
    let scratch = try ScratchDirectory()
    let parent = try Directory(path: scratch.path)
    #expect(try Maildir.open("alice", in: parent) == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
  }

  @Test(arguments: [["cur"], ["cur", "tmp"], ["new"], ["tmp"], []])
  func `A Maildir without its empty folders is read as it is, and gets them again`(
    folders: [String]
  ) throws {
    let scratch = try ScratchDirectory()
    for folder in folders + ["."] {
      try FileManager.default.createDirectory(
        atPath: "\(scratch.path)/alice/\(folder)", withIntermediateDirectories: true)
    }
    let folder = folders.first { $0 != "tmp" }
    if let folder {
      try Data("x\n".utf8).write(to: URL(filePath: "\(scratch.path)/alice/\(folder)/1.a.h"))
    }
    let parent = try Directory(path: scratch.path)
    let maildir = try #require(try Maildir.open("alice", in: parent))
    #expect(try maildir.contents().count == (folder == nil ? 0 : 1))
    for folder in ["cur", "new"] {
      #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/alice/\(folder)"))
    }
  }

  @Test(arguments: ["", ".", "..", "../alice", "alice/new"])
  func `A name that is no single component opens nothing`(name: String) throws {
    let sample = try Sample()
    #expect(throws: SystemError.self) {
      _ = try Maildir.open(name, in: Directory(path: sample.scratch.path))
    }
  }
}
