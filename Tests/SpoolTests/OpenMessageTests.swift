import Platform
import Testing

@testable import Spool

@Suite struct OpenMessageTests {
  @Test("A mark changes one byte of the file and nothing else")
  func marks() throws {
    let spool = try SpoolScratch()
    let message = try spool.queued(spool.queueDraft(to: ["a@x", "b@y", "c@z"]))
    let before = try spool.bytes(of: "queue/new/\(message.name)")
    let open = try OpenMessage(message, in: spool.directories)
    try open.mark([(1, .delivered)])
    let after = try spool.bytes(of: "queue/new/\(message.name)")
    #expect(after.count == before.count)
    let changed = before.indices.filter { before[$0] != after[$0] }
    #expect(changed == [open.envelope.recipients[1].offset])
    try open.mark([(0, .failed), (2, .delivered)])
    let again = try OpenMessage(message, in: spool.directories).envelope
    #expect(again.recipients.map(\.state) == [.failed, .delivered, .delivered])
    #expect(!again.isUnfinished)
  }

  @Test(
    "A status is written in place and keeps the file as long as it was",
    arguments: ["451 4.7.1 later", "", String(repeating: "long ", count: 100), "a\nb"])
  func status(text: String) throws {
    let spool = try SpoolScratch()
    let message = try spool.queued()
    let before = try spool.bytes(of: "queue/new/\(message.name)")
    let open = try OpenMessage(message, in: spool.directories)
    try open.setStatus(text)
    let after = try spool.bytes(of: "queue/new/\(message.name)")
    #expect(after.count == before.count)
    let start = open.envelope.statusOffset, end = start + QueueEnvelope.statusBytes
    #expect(after[..<start] == before[..<start])
    #expect(after[end...] == before[end...])
    #expect(throws: Never.self) { try OpenMessage(message, in: spool.directories) }
  }

  @Test("The content is what was handed in, and its size on the wire is told", arguments: [1, 300])
  func content(recipients: Int) throws {
    let spool = try SpoolScratch()
    let content = "Received: x\nSubject: hello\n\nhello\n"
    let message = try spool.queued(
      spool.queueDraft(content, to: (0..<recipients).map { "recipient\($0)@far.example" }))
    let open = try OpenMessage(message, in: spool.directories)
    #expect(open.envelope.recipients.count == recipients)
    #expect(open.wireBytes == content.utf8.count + 4)
    #expect(try open.read(upTo: 1000, at: 0) == Array(content.utf8))
    #expect(try open.read(upTo: 4, at: 12) == Array("Subj".utf8))
    #expect(try open.read(upTo: 4, at: 1000) == [])
  }

  @Test("An envelope that ends at the end of a piece that is read is whole", arguments: 4080...4110)
  func pieces(length: Int) throws {
    let spool = try SpoolScratch()
    let overhead = QueueEnvelope.header(
      SubmittedEnvelope(
        reversePath: "me@home.example", recipients: [.init("")], origin: "192.168.1.7"),
      arrived: 1_763_706_000
    ).count
    let recipient = String(repeating: "x", count: length - overhead)
    let message = try spool.queued(spool.queueDraft("Received: x\n", to: [recipient]))
    let open = try OpenMessage(message, in: spool.directories)
    #expect(open.envelope.contentOffset == length)
    #expect(open.envelope.recipients.map(\.address) == [recipient])
    #expect(try open.read(upTo: 100, at: 0) == Array("Received: x\n".utf8))
  }
}
