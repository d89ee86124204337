import Foundation
import Platform
import TestSupport
import Testing

@testable import Maildir

/// Messages that were read: their mark, and their end.
struct ReadMarkTests {
  @Test func `A message that was read goes to cur with its mark, whatever its flags`() throws {
    let sample = try Sample()
    for file in ["new/1.a", "cur/2.a", "cur/3.a:2,", "cur/4.a:2,FT", "cur/5.a:2,S", "new/6.a"] {
      try sample.put(file, "x\n")
    }
    let contents = try sample.maildir.contents()
    // Another program is faster, or takes it away.
    try sample.move("new/6.a", to: "cur/6.a:2,R")
    sample.maildir.markRead([0, 1, 2, 3, 4, 5], of: contents)
    #expect(
      try sample.files() == [
        "cur/1.a:2,S", "cur/2.a:2,S", "cur/3.a:2,S", "cur/4.a:2,FST", "cur/5.a:2,S", "cur/6.a:2,R",
      ])
    // What the session knows them by still finds them.
    #expect(try sample.content(0, of: contents) == "x\n")
    #expect(sample.maildir.remove([0, 3], of: contents).failures == 0)
    #expect(try sample.files().count == 4)
  }

  @Test func `What came and was read before a time is removed, and nothing else`() throws {
    let sample = try Sample()
    let now = Int64(Date().timeIntervalSince1970)
    for file in ["cur/100.read:2,S", "cur/101.unread:2,F", "cur/102.unread", "new/103.new,x:2,S"] {
      try sample.put(file, "x\n")
    }
    try sample.put("cur/\(now + 5).young:2,S", "x\n")
    try sample.put("cur/odd:2,S", "x\n")
    // It was read just now.
    #expect(try sample.maildir.contents(expiry: now - 60).count == 6)
    let contents = try sample.maildir.contents(expiry: now + 3)
    #expect(contents.count == 5)
    #expect(
      try sample.files() == [
        "cur/101.unread:2,F", "cur/102.unread", "cur/\(now + 5).young:2,S", "cur/odd:2,S",
        "new/103.new,x:2,S",
      ])
  }

  @Test func `Two files of one unique part have different unique-ids, each the same at each look`()
    throws
  {
    let sample = try Sample()
    let long = String(repeating: "x", count: 80)
    let files = [
      "cur/1.a.h:2,S", "new/1.a.h,S=2", "cur/1.a.h+:2,", "cur/1.a.h,S=2,W=3:2,S", "new/1.a.h-",
      "cur/2.\(long)", "cur/2.\(long),S=2", "new/2.a b", "new/2.a b,S=2",
    ]
    for file in files { try sample.put(file, "x\n") }
    let ids = try sample.list()
    #expect(ids.count == files.count)
    #expect(Set(ids).count == files.count)
    #expect(!ids.contains { $0.hasPrefix("1.a.h ") })
    try sample.move("cur/1.a.h:2,S", to: "cur/1.a.h:2,FS")
    try sample.move("new/1.a.h,S=2", to: "cur/1.a.h,S=2:2,")
    #expect(try sample.list() == ids)
  }

  @Test func `A message whose name is no unique-id never gets the id of a copy that goes away`()
    throws
  {
    let sample = try Sample()
    let long = "1." + String(repeating: "x", count: 80)
    for file in ["cur/\(long)", "cur/\(long),S=2"] { try sample.put(file, "x\n") }
    let ids = try sample.list()
    try FileManager.default.removeItem(atPath: "\(sample.scratch.path)/alice/cur/\(long)")
    let left = try sample.list()
    #expect(left.count == 1)
    #expect(!ids.contains(left[0]))
  }

  @Test func `A message never gets the unique-id of a copy of it that goes away`() throws {
    let sample = try Sample()
    for file in ["cur/1.a.h:2,S", "cur/1.a.h,S=2:2,", "cur/1.a.h,S=2,W=3:2,"] {
      try sample.put(file, "x\n")
    }
    let ids = try sample.list()
    // The first of them expires while they are listed.
    let now = Int64(Date().timeIntervalSince1970)
    #expect(try sample.list(expiry: now + 3) == Array(ids[1...]))
    #expect(try sample.list() == Array(ids[1...]))
    try FileManager.default.removeItem(atPath: "\(sample.scratch.path)/alice/cur/1.a.h,S=2:2,")
    #expect(try sample.list() == ["1.a.h 3"])
    #expect(!ids.contains("1.a.h 3"))
  }

  @Test
  func `A mark that was set while nobody knew the time counts from the first look after that`()
    throws
  {
    let sample = try Sample()
    let file = "cur/100.read:2,S"
    let now = Int64(Date().timeIntervalSince1970)
    try sample.put(file, "x\n")
    let before = try sample.status(file)
    // Until the clock of the file system has gone on.
    repeat { try sample.put("tmp/x") } while try sample.status("tmp/x").change == before.change
    #expect(try !sample.maildir.expire("100.read:2,S", readBefore: now + 60, earliest: now + 60))
    let after = try sample.status(file)
    #expect(after.change != before.change)
    #expect(after.modified == before.modified)
    #expect(try sample.maildir.expire("100.read:2,S", readBefore: now + 60))
    #expect(try sample.files() == [])
  }
}
