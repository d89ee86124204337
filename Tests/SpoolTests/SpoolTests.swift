import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Spool

@Suite struct SpoolTests {
  private static let disk = WorkerPool(threads: 2)

  private func names(_ scratch: ScratchDirectory, _ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/\(folder)")) ?? [])
      .sorted()
  }

  @Loop
  private static func begin(
    in spool: Spool, remote: [String] = ["ann@far.example"], users: [String] = []
  ) -> Delivery {
    let envelope = SubmittedEnvelope(
      reversePath: "me@home.example", recipients: remote.map { .init($0) }, origin: "192.168.1.7")
    return spool.begin(
      envelope, users: users, id: spool.makeID(), trace: "Received: by gw.home.example\n")
  }

  @Test("A message for here and for elsewhere is a file in the queue and one in the maildrop")
  func both() async throws {
    let scratch = try ScratchDirectory()
    let id = try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      let delivery = Self.begin(in: spool, users: ["bob"])
      let id = delivery.id
      try await delivery.write(Array("Subject: x\n\nbody\n".utf8))
      try await delivery.commit()
      #expect(spool.count == 1)
      #expect(try #require(spool.firstDue) <= .now)
      return id.description
    }
    let queued = names(scratch, "queue/new"), local = names(scratch, "mail/bob/new")
    #expect(queued.count == 1 && local.count == 1)
    #expect((queued + local).allSatisfy { $0.hasPrefix("\(id).gatepost,S=") })
    let text = try String(
      contentsOfFile: "\(scratch.path)/mail/bob/new/\(try #require(local.first))", encoding: .utf8)
    #expect(
      text
        == "Return-Path: <me@home.example>\nReceived: by gw.home.example\nSubject: x\n\nbody\n")
  }

  @Test("A message that is not committed leaves nothing behind")
  func abandoned() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      let large = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
      let first = Self.begin(in: spool, users: ["bob"])
      try await first.write(large)
      #expect(self.names(scratch, "queue/tmp").count == 2)
      first.abandon()
      do {
        let second = Self.begin(in: spool)
        try await second.write(large)
      }
      #expect(spool.count == 0)
    }
    for folder in ["queue/tmp", "queue/new", "mail/bob/new"] {
      #expect(names(scratch, folder) == [])
    }
  }

  @Test("Many sessions that commit at once all find their message in the queue")
  func group() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      await withTaskGroup { group in
        for number in 0..<150 {
          group.addTask {
            await Self.deliver(number, to: spool)
          }
        }
      }
      #expect(spool.count == 150)
    }
    let files = names(scratch, "queue/new")
    #expect(files.count == 150)
    let subjects = try files.map { file in
      try String(contentsOfFile: "\(scratch.path)/queue/new/\(file)", encoding: .utf8)
        .split(separator: "\n").first { $0.hasPrefix("Subject: ") }
    }
    #expect(Set(subjects).count == 150)
    #expect(names(scratch, "mail/bob/new").count == 75)
    #expect(names(scratch, "queue/tmp") == [])
  }

  @Loop
  private static func deliver(_ number: Int, to spool: Spool) async {
    do {
      let delivery = begin(in: spool, users: number.isMultiple(of: 2) ? ["bob"] : [])
      try await delivery.write(Array("Subject: \(number)\n\n".utf8))
      try await delivery.commit()
    } catch { Issue.record(error) }
  }

  @Test("A session that is cancelled while it waits for the disk leaves no part of its message")
  func cancelled() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      await withTaskGroup { group in
        group.addTask {
          await Self.deliver(1, to: spool)
        }
        group.addTask {
          await Self.deliverCancelled(to: spool)
        }
      }
      #expect(spool.count == 1)
    }
    #expect(names(scratch, "queue/new").count == 1)
    #expect(names(scratch, "queue/tmp") == [])
    #expect(names(scratch, "mail/bob/new") == [])
  }

  @Loop
  private static func deliverCancelled(to spool: Spool) async {
    let delivery = begin(in: spool, users: ["bob"])
    let result = await withTaskGroup(of: SystemError?.self) { group in
      let drafts = delivery.drafts
      group.cancelAll()
      group.addTask {
        do throws(SystemError) {
          try await spool.commit(drafts)
          return nil
        } catch { return error }
      }
      return await group.next() ?? nil
    }
    #expect(result?.code == ECANCELED)
  }

  @Test("A message that is put back moves to cur, with the time of its next attempt and the reason")
  func postponed() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      try await Self.begin(in: spool).commit()
      let message = try #require(spool.takeDue(at: .now))
      #expect(spool.count == 0)
      let open = try await spool.open(message)
      let now = Instant.now
      await spool.postpone(message, until: now + .seconds(3600), open: open, reason: "451 later")
      #expect(spool.count == 1)
      #expect(spool.firstDue == now + .seconds(3600))
      #expect(spool.takeDue(at: now + .seconds(3599)) == nil)

      let again = try #require(spool.takeDue(at: now + .seconds(3600)))
      #expect(again.wasTried && again.attempts == 1 && again.name == message.name)
      #expect(try await spool.open(again).envelope.status == "451 later")
      let name = again.name.description
      let modified = try spool.directories.current.status(of: name).modified
      #expect((3590...3610).contains(modified - WallClock.now))
      #expect(self.names(scratch, "queue/new") == [])
      #expect(self.names(scratch, "queue/cur") == [name])
      try await spool.remove(again)
    }
    #expect(names(scratch, "queue/cur") == [])
  }

  @Test("A message that cannot be removed is told of, and one that has gone is not")
  func removalFails() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      try await Self.begin(in: spool).commit()
      let message = try #require(spool.takeDue(at: .now))
      try await spool.remove(message)
      try await spool.remove(message)
      // A directory cannot be removed as a file can, whoever tries.
      try FileManager.default.createDirectory(
        atPath: "\(scratch.path)/queue/new/\(message.name)", withIntermediateDirectories: false)
      await #expect(throws: SystemError.self) { try await spool.remove(message) }
    }
  }

  @Test("A start plans what is in the queue, and nothing later than the longest delay")
  func load() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      for _ in 0..<3 { try await Self.begin(in: spool).commit() }
      for delay in [60, 1_000_000] {
        let message = try #require(spool.takeDue(at: .now))
        await spool.postpone(
          message, until: .now + .seconds(delay), open: nil, reason: "451 later")
      }
      let again = try Spool(path: scratch.path, disk: Self.disk)
      let strangers = try await again.load(longestDelay: .seconds(14_400))
      #expect(strangers.isEmpty)
      #expect(again.count == 3)
      let first = try #require(again.takeDue(at: .now))
      #expect(!first.wasTried && first.isFound)
      #expect(again.takeDue(at: .now) == nil)
      #expect(again.takeDue(at: .now + .seconds(61))?.wasTried == true)
      #expect(again.takeDue(at: .now + .seconds(14_000)) == nil)
      #expect(again.takeDue(at: .now + .seconds(14_401))?.wasTried == true)
    }
  }
}
