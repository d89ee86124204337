import Foundation
import Platform
import TestSupport

@testable import Spool

/// A spool in a directory of its own, and a look at what is in it that shares no code with it.
struct SpoolScratch {
  let scratch: ScratchDirectory
  let directories: SpoolDirectories
  var path: String { scratch.path }

  /// - Parameter durability: what the file system is taken for; nil for what it is.
  init(_ durability: Durability? = nil) throws {
    scratch = try ScratchDirectory()
    directories = try SpoolDirectories(path: scratch.path, durability: durability)
  }

  /// A draft for the queue with the envelope before `content`.
  func queueDraft(
    _ content: String = "Subject: hello\n\nhello\n", to recipients: [String] = ["ann@far.example"],
    counter: UInt32 = 1
  ) -> Draft {
    let draft = Draft(id: Self.id(counter), destination: .queue)
    _ = draft.append(
      QueueEnvelope.header(
        SubmittedEnvelope(
          reversePath: "me@home.example", recipients: recipients.map { .init($0) },
          origin: "192.168.1.7"),
        arrived: 1_763_706_000))
    _ = draft.append(Array(content.utf8))
    return draft
  }

  /// A draft for maildrops.
  func mailDraft(_ content: String, for users: [String], counter: UInt32 = 1) -> Draft {
    let draft = Draft(id: Self.id(counter), destination: .maildrops(users))
    _ = draft.append(Array(content.utf8))
    return draft
  }

  static func id(_ counter: UInt32) -> QueueID {
    QueueID(microseconds: 1_763_706_000_000_000, counter: counter)
  }

  /// The names in a directory of the spool; none if it is not there.
  func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []).sorted()
  }

  /// The bytes of a file of the spool.
  func bytes(of file: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(path)/\(file)")))
  }

  func put(_ content: String, at file: String) throws {
    try Data(content.utf8).write(to: URL(filePath: "\(path)/\(file)"))
  }

  /// Commits one message for the queue and returns it as the index knows it.
  func queued(_ draft: Draft? = nil) throws -> QueuedMessage {
    let draft = draft ?? queueDraft()
    Commit.run([draft], in: directories)
    try draft.result?.get()
    return QueuedMessage(name: try draft.finalName, in: .new)
  }

  /// What a fresh start finds.
  func scan(wallTime: Int64 = 1_763_706_000) throws -> QueueScan {
    try QueueScan(SpoolDirectories(path: path), wallTime: wallTime)
  }
}
