import Foundation
import Platform
import TestSupport
import Testing

@testable import Maildir

/// A Maildir in a directory that goes away with it.
struct Sample {
  let scratch: ScratchDirectory
  let maildir: Maildir

  /// - Parameter durability: what its file system is taken for.
  init(_ durability: Durability = .separate) throws {
    scratch = try ScratchDirectory()
    for folder in ["tmp", "new", "cur"] {
      try FileManager.default.createDirectory(
        atPath: "\(scratch.path)/alice/\(folder)", withIntermediateDirectories: true)
    }
    maildir = try #require(try Maildir.open("alice", in: Directory(path: scratch.path), durability))
  }

  func put(_ file: String, _ content: String = "") throws {
    try Data(content.utf8).write(to: URL(filePath: "\(scratch.path)/alice/\(file)"))
  }

  func move(_ file: String, to other: String) throws {
    try FileManager.default.moveItem(
      atPath: "\(scratch.path)/alice/\(file)", toPath: "\(scratch.path)/alice/\(other)")
  }

  /// When name or content changed, in nanoseconds, and the content, in seconds.
  func status(_ file: String) throws -> (change: Int, modified: Int) {
    var raw = stat()
    try #require(stat("\(scratch.path)/alice/\(file)", &raw) == 0)
    return (raw.st_ctim.tv_sec * 1_000_000_000 + raw.st_ctim.tv_nsec, raw.st_mtim.tv_sec)
  }

  func files() throws -> [String] {
    try ["new", "cur"].flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/alice/\(folder)")
        .map { "\(folder)/\($0)" }
    }.sorted()
  }

  /// Unique-id and size of each message.
  func list(limit: Int = 100, expiry: Int64? = nil) throws -> [String] {
    let contents = try maildir.contents(limit: limit, expiry: expiry)
    return (0..<contents.count).map { index in
      let place = contents.uniqueID(of: index)
      let start = Int(place.offset)
      let uniqueID = contents.text[start..<start + Int(place.length)]
      return "\(String(decoding: uniqueID, as: UTF8.self)) \(contents.wireBytes[index])"
    }
  }

  func content(_ index: Int, of contents: MaildirContents) throws -> String? {
    guard let file = try maildir.open(index, of: contents) else { return nil }
    return String(decoding: try file.readAll(limit: 1000), as: UTF8.self)
  }
}
