import Foundation
import Platform
import Testing

@testable import Spool

/// Messages that move from one directory of the queue to another, on every kind of file system.
@Suite struct MovingTests {
  static let durabilities: [Durability] = [.ordered, .wholeRenames, .separate]

  @Test("A message that was moved has one name, that of its new place", arguments: durabilities)
  func move(_ durability: Durability) throws {
    let spool = try SpoolScratch(durability)
    let message = try spool.queued()
    try spool.directories.move(message.name.description, from: .new, to: .current)
    #expect(spool.names(in: "queue/new") == [])
    #expect(spool.names(in: "queue/cur") == [message.name.description])
    let moved = QueuedMessage(name: message.name, in: .current)
    try spool.directories.remove(moved)
    #expect(spool.names(in: "queue/cur") == [])
    try spool.directories.remove(moved)
  }

  @Test(
    "Two names of one message, left by a power cut, are one message after the start",
    arguments: [
      (["new", "cur"], "cur"), (["cur", "hold"], "hold"), (["new", "cur", "hold"], "hold"),
    ])
  func secondNames(folders: [String], kept: String) throws {
    let spool = try SpoolScratch()
    let message = try spool.queued()
    let other = try spool.queued(spool.queueDraft(counter: 2))
    let name = message.name.description
    for folder in folders where folder != "new" {
      try FileManager.default.linkItem(
        atPath: "\(spool.path)/queue/new/\(name)", toPath: "\(spool.path)/queue/\(folder)/\(name)")
    }
    if !folders.contains("new") {
      try FileManager.default.removeItem(atPath: "\(spool.path)/queue/new/\(name)")
    }
    let found = try spool.scan().messages.map(\.0)
    #expect(Set(found.map(\.name.id)) == [message.name.id, other.name.id])
    #expect(found.count == 2)
    #expect(found.first { $0.name == message.name }?.folder.name == kept)
    for folder in folders {
      #expect(spool.names(in: "queue/\(folder)").contains(name) == (folder == kept))
    }
    #expect(spool.names(in: "queue/aside") == [])
  }

  @Test(
    "A backup that has a message twice, as two files, leaves one message and keeps the other file")
  func copies() throws {
    let spool = try SpoolScratch()
    let message = try spool.queued()
    let name = message.name.description
    try FileManager.default.copyItem(
      atPath: "\(spool.path)/queue/new/\(name)", toPath: "\(spool.path)/queue/cur/\(name)")
    #expect(try spool.scan().messages.map(\.0.folder) == [.current])
    #expect(spool.names(in: "queue/new") == [])
    #expect(spool.names(in: "queue/aside") == [name])
  }

  @Test(
    "A damaged file takes no place from the message whose name it has", arguments: ["cur", "hold"])
  func damaged(folder: String) throws {
    let spool = try SpoolScratch()
    let message = try spool.queued()
    try spool.put("x", at: "queue/\(folder)/\(message.name)")
    #expect(try spool.scan().messages.contains { $0.0 == message || $0.0.folder == .new })
    #expect(spool.names(in: "queue/new") == [message.name.description])
  }

  #if FAULT_INJECTION
    @Test("Whichever call of a move fails, the message is there", arguments: durabilities)
    func failingMove(_ durability: Durability) throws {
      var n = 1
      while true {
        let spool = try SpoolScratch(durability)
        let message = try spool.queued()
        let directories = spool.directories
        let (isReached, failure) = FaultInjection.failing(call: n, with: EIO) {
          () throws(SystemError) in
          try directories.move(message.name.description, from: .new, to: .current)
        }
        let found = try spool.scan().messages.map(\.0)
        #expect(found.map(\.name) == [message.name])
        #expect(found.map(\.folder) == [failure == nil ? .current : .new])
        if !isReached { break }
        n += 1
      }
    }
  #endif
}
