import Foundation
import Platform
import TestSupport
import Testing

@testable import Maildir

/// Several files of one base, as a backup leaves that was merged into a maildrop.
struct TwinTests {
  /// The folders and flags of the files of one message.
  static let variants = [
    ["new/1.a.h", "cur/1.a.h:2,S"], ["new/1.a.h", "cur/1.a.h"], ["cur/1.a.h:2,", "cur/1.a.h:2,S"],
    ["cur/1.a.h:2,FS", "cur/1.a.h:2,S"], ["new/1.a.h", "new/1.a.h:2,S"],
    ["new/1.a.h", "cur/1.a.h:2,", "cur/1.a.h:2,F", "cur/1.a.h:2,RS"],
  ]

  @Test(arguments: variants)
  func `Files of one base and one size are one message, and all of them go`(
    files: [String]
  ) throws {
    for name in ["1.a.h", "1.a.h,S=4,W=6"] {
      let sample = try Sample()
      for file in files { try sample.put(file.replacing("1.a.h", with: name), "a\nb\n") }
      try sample.put("cur/2.b.h", "b\n")
      #expect(try sample.list() == ["1.a.h 6", "2.b.h 3"])
      let contents = try sample.maildir.contents()
      #expect(try sample.content(0, of: contents) == "a\nb\n")
      let (failures, _) = sample.maildir.remove([0], of: contents)
      #expect(failures == 0)
      #expect(try sample.files() == ["cur/2.b.h"])
      #expect(try sample.list() == ["2.b.h 3"])
    }
  }

  @Test(arguments: variants)
  func `They go wherever another program has moved them`(files: [String]) throws {
    for moved in files {
      let sample = try Sample()
      for file in files { try sample.put(file, "a\nb\n") }
      let contents = try sample.maildir.contents()
      try sample.move(moved, to: "cur/1.a.h:2,FRST")
      #expect(try sample.content(0, of: contents) == "a\nb\n")
      #expect(sample.maildir.remove([0], of: contents).failures == 0)
      #expect(try sample.files() == [])
    }
  }

  @Test(arguments: variants)
  func `A message is read when one of its files is marked so`(files: [String]) throws {
    let sample = try Sample()
    for file in files { try sample.put(file, "a\nb\n") }
    var contents = try sample.maildir.contents()
    sample.maildir.markRead([0], of: contents)
    contents = try sample.maildir.contents()
    #expect(contents.count == 1)
    #expect(contents.name(of: 0).hasSuffix("S"))
    // Nothing more to mark.
    let before = try sample.files()
    sample.maildir.markRead([0], of: contents)
    #expect(try sample.files() == before)
  }

  @Test func `A message that expires goes with all of its files`() throws {
    for files in Self.variants {
      let sample = try Sample()
      for file in files {
        try sample.put(file.replacing("1.a.h", with: "100.a.h"), "a\nb\n")
      }
      sample.maildir.markRead([0], of: try sample.maildir.contents())
      let now = Int64(Date().timeIntervalSince1970)
      #expect(try sample.maildir.contents(expiry: now - 60).count == 1)
      #expect(try sample.maildir.contents(expiry: now + 3).count == 0)
      #expect(try sample.files() == [], "\(files)")
    }
  }

  @Test func `Files of one base and other sizes are shown side by side, and one stays`() throws {
    let sample = try Sample()
    try sample.put("new/1.a.h,S=4,W=6", "a\nb\n")
    try sample.put("cur/1.a.h,S=4,W=6:2,S", "a\n")
    try sample.put("cur/1.a.h,S=4,W=6:2,FS", "a\n")
    let list = try sample.list()
    #expect(list.map { $0.suffix(2) } == [" 3", " 6"])
    #expect(Set(list.map { $0.prefix(32) }).count == 2)
    #expect(try sample.list() == list)
    let contents = try sample.maildir.contents()
    #expect(try sample.content(0, of: contents) == "a\n")
    #expect(try sample.content(1, of: contents) == "a\nb\n")
    sample.maildir.markRead([0, 1], of: contents)
    #expect(try sample.list() == list)
    try sample.move("new/1.a.h,S=4,W=6", to: "cur/1.a.h,S=4,W=6:2,RS")
    // Which one another program has moved cannot be told, and none is taken for the other.
    #expect(sample.maildir.remove([0, 1], of: contents).failures == 1)
    #expect(try sample.list() == ["1.a.h 6"])
    #expect(sample.maildir.remove([0], of: try sample.maildir.contents()).failures == 0)
    #expect(try sample.files() == [])
  }

  @Test func `A file that goes while its other one is looked at leaves one message`() throws {
    let sample = try Sample()
    try sample.put("new/1.a.h", "a\n")
    try sample.put("cur/1.a.h:2,S", "a\n")
    var scan = MaildirScan(limit: 10, directoryBytes: 1000)
    for (name, isNew) in [("1.a.h", true), ("1.a.h:2,S", false)] {
      unsafe Array(name.utf8).withUnsafeBytes { unsafe scan.add($0, isNew: isNew) }
    }
    var sizes = SizeCache()
    let contents = try scan.contents(sizes: &sizes) { (_, _) throws(SystemError) in
      false
    } measure: { (_, _) throws(SystemError) in
      3
    } storedBytes: { (_, isNew) throws(SystemError) in
      isNew ? nil : 2
    }
    #expect(contents.count == 1)
    #expect(contents.twins.isEmpty)
  }
}
