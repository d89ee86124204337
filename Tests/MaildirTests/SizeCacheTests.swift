import Foundation
import Platform
import TestSupport
import Testing

@testable import Maildir

/// Sizes that no name says are measured once.
struct SizeCacheTests {
  @Test func `A message is measured once, also over a restart and when other programs mark it`()
    throws
  {
    let sample = try Sample()
    try sample.put("new/100.a.h", "one\n")
    try sample.put("new/101.b.h,S=3,W=4", "1\n")
    try sample.put("cur/102.c.h:2,S", "three\n")
    #expect(try sample.list() == ["100.a.h 5", "101.b.h 4", "102.c.h 7"])
    let path = "\(sample.scratch.path)/alice/gatepost-sizes"
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "5 100.a.h\n7 102.c.h\n")

    // If it were read again it would have another size.
    try sample.put("new/100.a.h", "another\n")
    try sample.move("new/100.a.h", to: "cur/100.a.h:2,F")
    try sample.move("cur/102.c.h:2,S", to: "cur/102.c.h:2,FS")
    #expect(try sample.list() == ["100.a.h 5", "101.b.h 4", "102.c.h 7"])

    // Older and newer ones come, and one goes.
    try sample.put("new/99.z.h", "x\n")
    try sample.put("new/103.d.h", "xx\n")
    try FileManager.default.removeItem(atPath: "\(sample.scratch.path)/alice/cur/100.a.h:2,F")
    #expect(
      try sample.list() == ["99.z.h 3", "101.b.h 4", "102.c.h 7", "103.d.h 4"])
    #expect(
      try String(contentsOfFile: path, encoding: .utf8) == "3 99.z.h\n7 102.c.h\n4 103.d.h\n")
  }

  @Test(arguments: [
    "", "x", "7", "7 ", "7 100.a", "-7 100.a.h\n", "7 100.a.h", "99999999999999999999 100.a.h\n",
    "9223372036854775807 100.a.h\n", "1099511627777 100.a.h\n",
    "seven 100.a.h\n", "\n\n", "7 \n", "9 99.a.h\n9 101.a.h\n",
  ])
  func `What is no line of it is measured again`(text: String) throws {
    let sample = try Sample()
    try sample.put("new/100.a.h", "one\n")
    try sample.put("gatepost-sizes", text)
    #expect(try sample.list() == ["100.a.h 5"])
    #expect(try sample.list() == ["100.a.h 5"])
  }

  @Test func `A line end in a name does not hide the messages behind it`() throws {
    let sample = try Sample()
    try sample.put("new/100.a\n7 101.b", "odd\n")
    try sample.put("new/102.c.h", "two\n")
    let list = try sample.list()
    #expect(list.map { $0.suffix(2) } == [" 5", " 5"])
    let path = "\(sample.scratch.path)/alice/gatepost-sizes"
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "5 102.c.h\n")
    // The odd one alone is measured again, and is no reason to write the file.
    let before = try Directory(path: "\(sample.scratch.path)/alice").status(of: "gatepost-sizes")
    try sample.put("new/102.c.h", "another\n")
    #expect(try sample.list() == list)
    let after = try Directory(path: "\(sample.scratch.path)/alice").status(of: "gatepost-sizes")
    #expect(before.inode == after.inode)
  }

  @Test func `A size that was found to be another is listed, and survives what comes and goes`()
    throws
  {
    let sample = try Sample()
    for number in 1...5 { try sample.put("new/\(number).a.h,S=4,W=9", "a\nb\n") }
    try sample.put("new/3.b.h", "odd\n")
    #expect(try sample.list().map { $0.suffix(2) } == [" 9", " 9", " 9", " 5", " 9", " 9"])
    try sample.maildir.correct([1: 6, 4: 6], of: sample.maildir.contents())
    let path = "\(sample.scratch.path)/alice/gatepost-sizes"
    #expect(
      try String(contentsOfFile: path, encoding: .utf8)
        == "6 2.a.h,S=4,W=9\n5 3.b.h\n6 4.a.h,S=4,W=9\n")
    #expect(try sample.list().map { $0.suffix(2) } == [" 9", " 6", " 9", " 5", " 6", " 9"])
    // Another program moves one and removes one, and one comes that has no size.
    try sample.move("new/4.a.h,S=4,W=9", to: "cur/4.a.h,S=4,W=9:2,S")
    try FileManager.default.removeItem(atPath: "\(sample.scratch.path)/alice/new/1.a.h,S=4,W=9")
    try sample.put("new/1.z.h", "longer\n")
    #expect(try sample.list().map { $0.suffix(2) } == [" 8", " 6", " 9", " 5", " 6", " 9"])
    #expect(try sample.list().map { $0.suffix(2) } == [" 8", " 6", " 9", " 5", " 6", " 9"])
    // What was measured once may have become wrong, too.
    try sample.maildir.correct([3: 7], of: sample.maildir.contents())
    #expect(try sample.list().map { $0.suffix(2) } == [" 8", " 6", " 9", " 7", " 6", " 9"])
  }

  @Test func `What is cut anywhere gives no wrong size`() throws {
    let text = Array("5 100.a.h\n7 102.c.h\n".utf8)
    for count in 0...text.count {
      var cache = SizeCache(Array(text.prefix(count)))
      let sizes = ["100.a.h", "102.c.h"].map {
        cache.size(of: Array($0.utf8)[...], MaildirName(Array($0.utf8).span).sortKey)
      }
      #expect(sizes[0] == (count >= 10 ? 5 : nil))
      #expect(sizes[1] == (count == text.count ? 7 : nil))
    }
  }

  @Test func `A maildrop that cannot be written is listed all the same`() throws {
    let sample = try Sample()
    try sample.put("new/100.a.h", "one\n")
    try FileManager.default.createDirectory(
      atPath: "\(sample.scratch.path)/alice/gatepost-sizes.new/x",
      withIntermediateDirectories: true)
    #expect(try sample.list() == ["100.a.h 5"])
    #expect(try sample.list() == ["100.a.h 5"])
  }
}
