import EventLoop
import Foundation
import Mail
import Platform
import TestSupport
import Testing

@testable import Spool

@Suite struct MakingDueTests {
  private static let disk = WorkerPool(threads: 2)

  /// Queues messages for these recipients, all of which were tried and wait for an hour.
  @Loop
  private static func waiting(in spool: Spool, for recipients: [String]) async throws {
    for recipient in recipients {
      let envelope = SubmittedEnvelope(
        reversePath: "me@home.example", recipients: [.init(recipient)], origin: "test")
      try await spool.begin(envelope, users: [], id: spool.makeID(), trace: "Received: x\n")
        .commit()
    }
    while let message = spool.takeDue(at: .now) {
      await spool.postpone(
        message, until: .now + .seconds(3600), open: nil, reason: "451 later")
    }
  }

  @Test("Those that stand in line are due already, and stay there")
  func lines() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      try await Self.waiting(in: spool, for: ["a@far.example"])
      let envelope = SubmittedEnvelope(
        reversePath: "", recipients: [.init("b@far.example")], origin: "report")
      try await spool.begin(envelope, users: [], id: spool.makeID(), trace: "Received: x\n")
        .commit()
      spool.park(try #require(spool.takeDue(at: .now)), inLine: 1, atFront: false)
      #expect(spool.takeDue(at: .now) == nil)
      #expect(spool.count == 2)
      #expect(await spool.makeDue(Self.isFar) == 1)
      #expect(spool.count(inLine: 1) == 1)
      #expect(spool.takeDue(at: .now) != nil && spool.takeDue(at: .now) == nil)
    }
  }

  private static func isFar(_ envelope: QueueEnvelope) -> Bool {
    envelope.recipients.contains { $0.address.hasSuffix("@far.example") }
  }

  @Test(
    "Those that match are due, in the order of arrival, and the others wait on",
    arguments: [3, 200])
  func matching(count: Int) async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      let recipients = (0..<count).map { "r\($0)@\($0 % 3 == 0 ? "far" : "else").example" }
      try await Self.waiting(in: spool, for: recipients)
      #expect(spool.takeDue(at: .now) == nil)
      let expected = (count + 2) / 3
      #expect(await spool.makeDue(Self.isFar) == expected)
      var ids: [QueueID] = []
      while let message = spool.takeDue(at: .now) {
        #expect(Self.isFar(try await spool.open(message).envelope))
        ids.append(message.name.id)
      }
      #expect(ids.count == expected)
      #expect(ids == ids.sorted())
      #expect(spool.count == count - expected)
      #expect(try #require(spool.firstDue) > .now + .seconds(3000))
    }
  }

  @Test("What is due already is not counted, and an empty queue has nothing")
  func nothing() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      #expect(await spool.makeDue { _ in true } == 0)
      try await Self.waiting(in: spool, for: ["ann@far.example"])
      #expect(await spool.makeDue { _ in false } == 0)
      #expect(await spool.makeDue { _ in true } == 1)
      #expect(await spool.makeDue { _ in true } == 0)
    }
  }

  @Test("A file that cannot be read stays as it is, and keeps none of the others back")
  func unreadable() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      try await Self.waiting(in: spool, for: ["ann@far.example", "bob@far.example"])
      let folder = "\(scratch.path)/queue/cur"
      let name = try #require(FileManager.default.contentsOfDirectory(atPath: folder).first)
      try Data("x".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
      #expect(await spool.makeDue(Self.isFar) == 1)
      #expect(spool.count == 2)
    }
  }

  @Test("There is one search at a time")
  func oneAtATime() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      try await Self.waiting(in: spool, for: ["ann@far.example"])
      let results = await withTaskGroup(of: Int?.self) { group in
        for _ in 0..<2 { group.addTask { await spool.makeDue(Self.isFar) } }
        var results: [Int?] = []
        for await result in group { results.append(result) }
        return results
      }
      #expect(results.count { $0 == nil } == 1)
      #expect(results.count { $0 == 1 } == 1)
    }
  }
}
