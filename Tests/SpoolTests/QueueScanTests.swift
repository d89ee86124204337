import Foundation
import Platform
import Testing

@testable import Spool

@Suite struct QueueScanTests {
  @Test("A start removes what was never accepted")
  func leftovers() throws {
    let spool = try SpoolScratch()
    try spool.put("half a mess", at: "queue/tmp/1763706000.000001.queue")
    try spool.put("", at: "queue/tmp/1763706000.000002.mail")
    #expect(try spool.scan().messages.isEmpty)
    #expect(spool.names(in: "queue/tmp") == [])
  }

  @Test("A message that was tried is due at the time of its file")
  func due() throws {
    let spool = try SpoolScratch()
    let tried = try spool.queued()
    let fresh = try spool.queued(spool.queueDraft(counter: 2))
    let name = tried.name.description
    try spool.directories.new.rename(name, to: spool.directories.current, as: name)
    try spool.directories.current.setModified(name, 1000)
    let found = try spool.scan(wallTime: 400).messages
    #expect(found.map(\.0.name) == [fresh.name, tried.name])
    #expect(found.map(\.0.wasTried) == [false, true])
    #expect(found.map(\.dueIn) == [0, 600])
  }

  @Test(
    "A message that a mail reader has marked is taken back into the queue",
    arguments: ["new", "cur"])
  func marked(folder: String) throws {
    let spool = try SpoolScratch()
    let message = try spool.queued()
    let name = message.name.description
    try FileManager.default.moveItem(
      atPath: "\(spool.path)/queue/new/\(name)", toPath: "\(spool.path)/queue/\(folder)/\(name):2,S"
    )
    let found = try spool.scan()
    #expect(found.messages.map(\.0.name) == [message.name])
    #expect(found.strangers.isEmpty)
    #expect(spool.names(in: "queue/cur") == [name])
    #expect(throws: Never.self) {
      try OpenMessage(try #require(found.messages.first).0, in: spool.directories)
    }
  }

  @Test("What does not belong into the queue is named, set aside, and stops nothing")
  func strangers() throws {
    let spool = try SpoolScratch()
    let message = try spool.queued()
    let files = FileManager.default
    try spool.put("x", at: "queue/new/README")
    try spool.put("x", at: "queue/cur/1763706000.M1P2.host:2,S")
    try files.createDirectory(
      atPath: "\(spool.path)/queue/new/subdirectory", withIntermediateDirectories: false)
    try files.createDirectory(
      atPath: "\(spool.path)/queue/tmp/subdirectory", withIntermediateDirectories: false)
    // Marked in one place while the unmarked name is taken in the other.
    try spool.put("x", at: "queue/cur/\(message.name):2,S")
    try spool.put("x", at: "queue/cur/\(message.name)")
    let found = try spool.scan()
    let expected = [
      "README", "subdirectory", "subdirectory", "\(message.name):2,S", "1763706000.M1P2.host:2,S",
    ]
    #expect(found.strangers.map(\.file).sorted() == expected.sorted())
    #expect(found.strangers.allSatisfy { $0.isAside && !$0.reason.isEmpty })
    #expect(found.messages.count == 2)
    #expect(spool.names(in: "queue/tmp") == [])
    #expect(spool.names(in: "queue/new") == [message.name.description])
    #expect(spool.names(in: "queue/cur") == [message.name.description])
    let aside = expected.map { $0 == "subdirectory" ? "" : $0 } + ["subdirectory"]
    #expect(
      spool.names(in: "queue/aside") == (aside.filter { !$0.isEmpty } + ["subdirectory.1"]).sorted()
    )
    #expect(try spool.scan().strangers.isEmpty)
  }

  @Test("A message that is held stays so after a start, also one that a mail reader has marked")
  func held() throws {
    let spool = try SpoolScratch()
    let messages = [try spool.queued(), try spool.queued(spool.queueDraft(counter: 2))]
    let names = messages.map(\.name.description)
    try spool.directories.move(names[0], from: .new, to: .held)
    try spool.directories.new.rename(names[1], to: spool.directories.held, as: names[1] + ":2,S")
    let found = try spool.scan()
    #expect(Set(found.messages.map(\.0.name.description)) == Set(names))
    #expect(found.messages.allSatisfy { $0.0.folder == .held })
    #expect(spool.names(in: "queue/hold") == names.sorted())
  }

  @Test("A file that cannot be set aside stays, and one that is gone is no trouble")
  func immovable() throws {
    let spool = try SpoolScratch()
    let directories = spool.directories
    // Every name that could be given is taken.
    try spool.put("x", at: "queue/new/x")
    try spool.put("x", at: "queue/aside/x")
    for number in 1...100 { try spool.put("x", at: "queue/aside/x.\(number)") }
    let kept = directories.setAside("x", from: directories.new, reason: "foreign")
    #expect(!kept.isAside && kept.reason.hasPrefix("foreign; it cannot be set aside: "))
    #expect(spool.names(in: "queue/new") == ["x"])
    let gone = directories.setAside("y", from: directories.new, reason: "foreign")
    #expect(gone == Spool.Stranger(file: "y", reason: "foreign"))
  }

  @Test("A damaged file is refused when it is opened, for good")
  func damaged() throws {
    let spool = try SpoolScratch()
    let whole = try spool.bytes(of: "queue/new/\(try spool.queued().name)")
    let files = FileManager.default
    func open(_ counter: UInt32, size: Int, put: (String) throws -> Void) throws -> Spool.Stranger?
    {
      let name = MessageFileName(
        id: SpoolScratch.id(counter), bytes: UInt32(size), wireBytes: UInt32(size))
      try put("\(spool.path)/queue/new/\(name)")
      let message = QueuedMessage(name: name, in: .new)
      do throws(Spool.Stranger) {
        _ = try OpenMessage(message, in: spool.directories)
        return nil
      } catch { return error }
    }
    func write(_ bytes: some Sequence<UInt8>) -> (String) throws -> Void {
      { try Data(bytes).write(to: URL(filePath: $0)) }
    }
    let refused = [
      try open(10, size: whole.count, put: write(whole.dropLast(1))),  // truncated
      try open(11, size: whole.count, put: write(whole + [0])),  // something was added
      try open(12, size: whole.count, put: write([UInt8](repeating: 0, count: whole.count))),
      try open(13, size: 0, put: write([])),
      try open(14, size: whole.count) { path in
        try files.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
      },
      try open(15, size: whole.count) { path in
        try files.createDirectory(atPath: path, withIntermediateDirectories: false)
      },
      try open(16, size: 0) { path in #expect(mkfifo(path, 0o600) == 0) },
      try open(17, size: whole.count) { _ in },  // removed meanwhile
    ]
    for stranger in refused { #expect(try #require(stranger).isTemporary == false) }
    #expect(try open(18, size: whole.count, put: write(whole)) == nil)
  }
}
