import Foundation
import Platform
import Testing

@testable import Spool

@Suite struct CommitTests {
  @Test("An accepted message is one file in queue/new, the envelope before the content")
  func queue() throws {
    let spool = try SpoolScratch()
    let message = try spool.queued(
      spool.queueDraft("Received: x\n\nbody\n", to: ["ann@far.example", "bob@far.example"]))
    #expect(spool.names(in: "queue/new") == [message.name.description])
    #expect(spool.names(in: "queue/tmp") == [])
    let text = String(
      decoding: try spool.bytes(of: "queue/new/\(message.name)"), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines[..<5] == [
        "Gatepost-Arrived: 1763706000", "Gatepost-Origin: 192.168.1.7",
        "Gatepost-From: <me@home.example>", "Gatepost-To: - <ann@far.example>",
        "Gatepost-To: - <bob@far.example>",
      ])
    #expect(lines[6].hasPrefix("Gatepost-Status: not tried yet"))
    #expect(lines[7...] == ["Received: x", "", "body", ""])
  }

  @Test("The names carry the true sizes, stored and on the wire", arguments: [0, 1, 40_000])
  func sizes(bodyLines: Int) throws {
    let spool = try SpoolScratch()
    let content = "A: b\n\n" + String(repeating: "line\n", count: bodyLines)
    let queued = spool.queueDraft(content)
    let local = spool.mailDraft(content, for: ["ann"], counter: 2)
    Commit.run([queued, local], in: spool.directories)
    for file in ["queue/new/\(try queued.finalName)", "mail/ann/new/\(try local.finalName)"] {
      let bytes = try spool.bytes(of: file)
      #expect(file.hasSuffix(",S=\(bytes.count),W=\(bytes.count + bytes.count { $0 == 0x0A })"))
    }
  }

  @Test("A message for several local users is one file with hard links")
  func links() throws {
    let spool = try SpoolScratch()
    let draft = spool.mailDraft("hello\n", for: ["ann", "bob", "eve"])
    Commit.run([draft], in: spool.directories)
    try #require(draft.result).get()
    var inodes: Set<UInt64> = []
    for user in ["ann", "bob", "eve"] {
      #expect(spool.names(in: "mail/\(user)") == ["cur", "new", "tmp"])
      let new = try spool.directories.maildropNew(of: user)
      let status = try new.status(of: try draft.finalName.description)
      #expect(status.links == 3)
      #expect(status.mode == 0o600)
      inodes.insert(status.inode)
    }
    #expect(inodes.count == 1)
    #expect(spool.names(in: "queue/tmp") == [])
  }

  @Test("A draft that fails does not touch the others of its group")
  func neighbours() throws {
    let spool = try SpoolScratch()
    let drafts = (1...5).map { spool.queueDraft(counter: $0) }
    // Its name in the temporary directory is taken, so the third cannot be written.
    try spool.put("", at: "queue/tmp/\(drafts[2].temporaryName)")
    Commit.run(drafts, in: spool.directories)
    #expect(drafts.map { (try? $0.result?.get()) != nil } == [true, true, false, true, true])
    #expect(spool.names(in: "queue/new").count == 4)
  }

  @Test("A name that is taken fails the draft and keeps the message that has it")
  func takenName() throws {
    let spool = try SpoolScratch()
    let first = spool.mailDraft("one\n", for: ["ann"])
    let second = spool.mailDraft("two\n", for: ["bob", "ann", "eve"])
    Commit.run([first], in: spool.directories)
    Commit.run([second], in: spool.directories)
    let name = try first.finalName.description
    #expect(throws: SystemError(code: EEXIST, call: "linkat")) { try second.result?.get() }
    #expect(try spool.bytes(of: "mail/ann/new/\(name)") == Array("one\n".utf8))
    #expect(spool.names(in: "mail/bob/new") == [])
    #expect(spool.names(in: "queue/tmp") == [])

    let queued = try spool.queued()
    let again = spool.queueDraft()
    Commit.run([again], in: spool.directories)
    #expect(throws: SystemError(code: EEXIST, call: "renameat2")) { try again.result?.get() }
    #expect(spool.names(in: "queue/new") == [queued.name.description])
  }
}
