import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Spool

@Suite struct QueueActionTests {
  private static let disk = WorkerPool(threads: 1)

  /// A spool with messages that wait for an hour, and their identifiers.
  @Loop
  private static func spool(
    in path: String, messages count: Int = 3
  ) async throws -> (spool: Spool, ids: [QueueID]) {
    let spool = try Spool(path: path, disk: disk)
    var ids: [QueueID] = []
    for number in 0..<count {
      let envelope = SubmittedEnvelope(
        reversePath: "me@home.example", recipients: [.init("r\(number)@far.example")],
        origin: "test")
      let id = spool.makeID()
      try await spool.begin(envelope, users: [], id: id, trace: "Received: x\n").commit()
      ids.append(id)
    }
    while let message = spool.takeDue(at: .now) {
      await spool.postpone(message, until: .now + .seconds(3600), open: nil, reason: "451 later")
    }
    return (spool, ids)
  }

  private static func names(in folder: String, of path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/queue/\(folder)")) ?? [])
      .map { String($0.prefix(17)) }.sorted()
  }

  /// Does it, and collects what is told.
  @Loop
  private static func change(
    _ ids: some Sequence<QueueID>, by action: QueueAction, in spool: Spool
  ) async -> [QueueActionResult] {
    var results: [QueueActionResult] = []
    await spool.change(Set(ids), by: action) { piece in
      results += piece.map(\.result)
      return true
    }
    return results
  }

  @Test("A held message is never due, stays held after a start, and goes on when it is released")
  func holding() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let (spool, ids) = try await Self.spool(in: scratch.path)
      #expect(await Self.change([ids[1]], by: .hold, in: spool) == [.done])
      #expect(Self.names(in: "hold", of: scratch.path) == ["\(ids[1])"])
      #expect(spool.takeDue(at: .now + .seconds(1_000_000))?.name.id != ids[1])
      #expect(spool.makeDue(Set(ids)).contains(ids[1]) == false)
      #expect(await spool.makeDue { _ in true } != 3)

      let again = try Spool(path: scratch.path, disk: Self.disk)
      #expect(try await again.load(longestDelay: .seconds(14_400)) == [])
      #expect(again.counts == QueueCounts(all: 3, held: 1, due: 0))
      // A second time it is held already, which is as well.
      #expect(await Self.change([ids[1]], by: .hold, in: again) == [.done])
      #expect(await Self.change(ids, by: .release, in: again).filter { $0 == .done }.count == 1)
      let message = try #require(again.takeDue(at: .now))
      #expect(message.name.id == ids[1])
      _ = try await again.open(message)
      #expect(again.takeDue(at: .now) == nil)
      #expect(Self.names(in: "cur", of: scratch.path).count == 3)
    }
  }

  @Test("A message that nobody has tried can be held, and is tried when it is released")
  func holdingNew() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let spool = try Spool(path: scratch.path, disk: Self.disk)
      let id = spool.makeID()
      let envelope = SubmittedEnvelope(
        reversePath: "", recipients: [.init("ann@far.example")], origin: "test")
      try await spool.begin(envelope, users: [], id: id, trace: "Received: x\n").commit()
      #expect(await Self.change([id], by: .hold, in: spool) == [.done])
      #expect(spool.takeDue(at: .now) == nil)
      #expect(await Self.change([id], by: .release, in: spool) == [.done])
      let message = try #require(spool.takeDue(at: .now))
      try await spool.remove(message)
      #expect(Self.names(in: "cur", of: scratch.path) == [])
    }
  }

  @Test("Removed is gone, from the index as well", arguments: [3, 200])
  func removing(count: Int) async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let (spool, ids) = try await Self.spool(in: scratch.path, messages: count)
      _ = await Self.change([ids[0]], by: .hold, in: spool)
      let removed = ids.dropLast()
      let results = await Self.change(removed, by: .remove, in: spool)
      #expect(results == removed.map { _ in .done })
      #expect(spool.count == 1)
      #expect(Self.names(in: "cur", of: scratch.path) == ["\(ids[count - 1])"])
      #expect(Self.names(in: "hold", of: scratch.path) == [])
    }
  }

  @Test("A message that was taken for delivery is nobody else's until it is back")
  func underDelivery() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let (spool, ids) = try await Self.spool(in: scratch.path)
      #expect(spool.makeDue([ids[0]]) == [ids[0]])
      let message = try #require(spool.takeDue(at: .now))
      for action in [QueueAction.hold, .remove, .release] {
        #expect(await Self.change([ids[0]], by: action, in: spool) == [])
      }
      #expect(await spool.take([ids[0]]).isEmpty)
      let all = try QueueSelection(["all"])
      #expect(await spool.find(all, for: .remove, besides: []) == Set(ids[1...]))
      #expect(await spool.find(all, for: .remove, besides: [message]) == Set(ids))
      await spool.postpone(message, until: .now + .seconds(60), open: nil, reason: "later")
      #expect(await Self.change([ids[0]], by: .remove, in: spool) == [.done])
    }
  }

  @Test("Who stops listening stops the work between two pieces, and the rest stays as it was")
  func interruption() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let (spool, ids) = try await Self.spool(in: scratch.path, messages: 150)
      var told = 0
      await spool.change(Set(ids), by: .remove) { piece in
        told += piece.count
        return false
      }
      #expect(told == Spool.filesPerPiece)
      #expect(spool.count == 150 - told)
      #expect(Self.names(in: "cur", of: scratch.path).count == 150 - told)
      #expect(spool.takeDue(at: .now + .seconds(3601))?.name.id == ids[told])
    }
  }

  @Test("What a selection means is found in the envelopes, held ones included")
  func finding() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let (spool, ids) = try await Self.spool(in: scratch.path, messages: 100)
      _ = await Self.change([ids[7]], by: .hold, in: spool)
      let selection = try QueueSelection(["to=r7@far.example", "to=r99@far.example"])
      #expect(await spool.find(selection, for: .remove, besides: []) == [ids[7], ids[99]])
      #expect(await spool.find(selection, for: .release, besides: []) == [ids[7]])
    }
  }

  @Test("A damaged message is set aside when it is opened, and one that is gone is not")
  func damaged() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let (spool, ids) = try await Self.spool(in: scratch.path, messages: 2)
      let folder = "\(scratch.path)/queue/cur"
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
        if name.hasPrefix("\(ids[0])") {
          try Data("x".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        } else {
          try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
      }
      for isAside in [true, false] {
        let message = try #require(spool.takeDue(at: .now + .seconds(3601)))
        do throws(Spool.Stranger) {
          _ = try await spool.open(message)
          Issue.record("it is damaged")
        } catch {
          #expect(error.isAside == isAside && !error.isTemporary)
        }
      }
      #expect(Self.names(in: "aside", of: scratch.path) == ["\(ids[0])"])
      #expect(Self.names(in: "cur", of: scratch.path) == [])
    }
  }
}

#if FAULT_INJECTION
  /// Each system call of a change fails in turn: a message has one file, and the index knows where.
  @Suite struct QueueActionFailureTests {
    @Test(
      "Whichever call fails, no message is lost, and none is said to be held that is not",
      arguments: [QueueAction.hold, .release, .remove],
      [(Durability.ordered, FaultInjection.Extent.once), (.ordered, .onwards), (.separate, .once)])
    func everyCall(
      action: QueueAction, disk: (durability: Durability, extent: FaultInjection.Extent)
    ) throws {
      var n = 1
      while true {
        let spool = try SpoolScratch(disk.durability)
        var messages = [try spool.queued(), try spool.queued(spool.queueDraft(counter: 2))]
        let before: QueueFolder = action == .release ? .held : .new
        for place in messages.indices where before != .new {
          try spool.directories.move(messages[place].name.description, from: .new, to: before)
          messages[place].folder = before
        }
        let directories = spool.directories
        var changes: [QueueChange] = []
        let (isReached, _) = FaultInjection.failing(call: n, disk.extent, with: EIO) {
          changes = directories.synchronize(
            directories.change(messages, by: action), of: messages, after: action)
        }
        let after = action == .hold ? "hold" : action == .release ? "cur" : nil
        for (message, change) in zip(messages, changes) {
          let name = message.name.description
          let folders = ["new", "cur", "hold"].filter {
            spool.names(in: "queue/\($0)").contains(name)
          }
          let place = change.isMade ? after : before.name
          #expect(folders == [place].compactMap { $0 }, "call \(n)")
          if change.error == nil { #expect(change.isMade, "call \(n)") }
        }
        if !isReached { break }
        #expect(changes.contains { $0.error != nil } || action == .release, "call \(n)")
        n += 1
      }
      #expect(n > 3)
    }

    @Test(
      "When the disk goes away in the middle of a move of two names, the start finds one message",
      arguments: [QueueAction.hold, .release])
    func twoNames(action: QueueAction) throws {
      var n = 1
      while true {
        let spool = try SpoolScratch(.separate)
        var message = try spool.queued()
        if action == .release {
          try spool.directories.move(message.name.description, from: .new, to: .held)
          message.folder = .held
        }
        let directories = spool.directories
        let (isReached, _) = FaultInjection.failing(call: n, .onwards, with: EIO) {
          _ = directories.change([message], by: action)
        }
        #expect(try spool.scan().messages.map(\.0.name) == [message.name], "call \(n)")
        if !isReached { break }
        n += 1
      }
    }
  }
#endif
