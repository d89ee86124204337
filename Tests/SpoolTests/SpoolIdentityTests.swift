import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Spool

/// The spool and what is there in its place.
@Suite struct SpoolIdentityTests {
  typealias Knowledge = SpoolIdentity.Knowledge
  private static let failure = SystemError(code: 5, call: "read")
  private static let disk = WorkerPool(threads: 1)

  enum Outcome: Equatable { case open, copied, made, putOff }

  private static func outcome(_ decision: SpoolIdentity.Decision) -> Outcome {
    switch decision {
    case .open: .open
    case .copy: .copied
    case .make: .made
    case .putOff: .putOff
    }
  }

  static let table: [(Knowledge, Knowledge, Bool, Bool, Outcome, adopted: Outcome)] = [
    // copy, own, has folders, was used
    (.text("a"), .text("a"), true, true, .open, .open),
    (.text("a"), .text("a"), false, false, .open, .open),
    (.text("a"), .none, true, true, .putOff, .made),
    (.text("a"), .none, false, false, .putOff, .made),
    (.text("a"), .text("b"), true, true, .putOff, .copied),
    (.none, .text("b"), true, false, .copied, .copied),
    (.none, .text("b"), false, true, .copied, .copied),
    (.none, .none, true, true, .made, .made),
    (.none, .none, true, false, .made, .made),
    (.none, .none, false, true, .putOff, .made),
    (.none, .none, false, false, .made, .made),
    (.unreadable(failure), .text("b"), true, true, .open, .open),
    (.unreadable(failure), .none, false, false, .putOff, .made),
    (.unreadable(failure), .none, true, true, .putOff, .made),
    (.text("a"), .unreadable(failure), true, true, .putOff, .putOff),
    (.none, .unreadable(failure), true, true, .putOff, .putOff),
  ]

  @Test("Each combination of identity, copy and content has one answer", arguments: table)
  func decision(
    copy: Knowledge, own: Knowledge, hasFolders: Bool, wasUsed: Bool, wanted: Outcome,
    adopted: Outcome
  ) {
    for (adopts, wanted) in [(false, wanted), (true, adopted)] {
      let decision = SpoolIdentity.decide(
        copy: copy, own: own, hasFolders: hasFolders, wasUsed: wasUsed, adopts: adopts)
      #expect(Self.outcome(decision) == wanted)
    }
  }

  /// A spool and a state directory, of which the spool can be taken away and put back, as a disk is.
  @Loop
  private struct Place {
    let scratch: ScratchDirectory
    var spool: String { "\(scratch.path)/spool" }
    var state: String { "\(scratch.path)/state" }
    var away: String { "\(scratch.path)/away" }

    init() throws {
      scratch = try ScratchDirectory()
      for path in [spool, state] {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: false)
      }
    }

    func start() -> Spool { Spool(unopened: spool, state: state, disk: SpoolIdentityTests.disk) }

    func open(_ spool: Spool, adopts: Bool = false) async -> Bool {
      (try? await spool.open(longestDelay: .seconds(60), adopts: adopts)) != nil
    }

    /// The disk goes; the directory under it is empty.
    func unmount() throws {
      try FileManager.default.moveItem(atPath: spool, toPath: away)
      try FileManager.default.createDirectory(atPath: spool, withIntermediateDirectories: false)
    }

    func lose(_ spool: Spool) -> Bool {
      do {
        try unmount()
        return try spool.space.bytes > 0
      } catch {
        return false
      }
    }

    func mount() throws {
      #expect(names() == [], "nothing was made under the disk")
      try FileManager.default.removeItem(atPath: spool)
      try FileManager.default.moveItem(atPath: away, toPath: spool)
    }

    func names() -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: spool))?.sorted() ?? []
    }

    func accept(_ spool: Spool, users: [String] = ["ann"]) async throws {
      let delivery = spool.begin(
        SubmittedEnvelope(
          reversePath: "me@home.example", recipients: [.init("far@far.example")], origin: "test"),
        users: users, id: spool.makeID(), trace: "Received: x\n")
      try await delivery.write(Array("Subject: x\n\nx\n".utf8))
      try await delivery.commit()
    }
  }

  @Test("A start without the disk makes nothing, and opens the spool when it is there")
  func lateDisk() async throws {
    try await onLoop {
      let place = try Place()
      let first = place.start()
      #expect(await place.open(first))
      try await place.accept(first)
      #expect(place.names() == ["identity", "mail", "queue"])
      try place.unmount()

      let second = place.start()
      #expect(await !place.open(second))
      #expect(second.obstacle?.sentence.contains("gatepost spool adopt") == true)
      #expect(throws: SystemError.self) { try second.space }
      #expect(throws: SystemError.self) { try second.maildrops }
      await #expect(throws: SystemError.self) { try await place.accept(second) }
      try place.mount()
    }
  }

  @Test(
    "A disk that goes while the daemon runs is missed at the next use, and taken up when it is back"
  )
  func lostDisk() async throws {
    try await onLoop {
      let place = try Place()
      let spool = place.start()
      #expect(await place.open(spool))
      try await place.accept(spool)
      #expect(spool.count == 1)
      try place.unmount()
      #expect(throws: SystemError.self) { try spool.space }
      #expect(throws: SystemError.self) { try spool.maildrops }
      await #expect(throws: SystemError.self) { try await place.accept(spool) }
      #expect(spool.count == 0 && spool.obstacle != nil)
      #expect(await !place.open(spool))
      try place.mount()
      #expect(await place.open(spool))
      #expect(spool.count == 1)
      try await place.accept(spool)
      #expect(spool.count == 2)
    }
  }

  @Test("Messages that wait for their commit while the disk goes are refused")
  func lostWhileCommitting() async throws {
    try await onLoop {
      let place = try Place()
      let spool = place.start()
      #expect(await place.open(spool))
      var results: [Bool] = []
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 {
          group.addTask { (try? await place.accept(spool, users: [])) != nil }
        }
        // All have come as far as their commit when the disk goes.
        group.addTask { await place.lose(spool) }
        for await isAccepted in group { results.append(isAccepted) }
      }
      #expect(results.count == 9)
      #expect(spool.obstacle != nil)
    }
  }

  @Test("Another spool, and one without its file, wait for the admin to adopt them")
  func adopting() async throws {
    try await onLoop {
      for hasIdentity in [true, false] {
        let place = try Place()
        #expect(await place.open(place.start()))
        try place.unmount()
        if hasIdentity {
          try Data("# x\nanother\n".utf8).write(to: URL(filePath: "\(place.spool)/identity"))
        }
        let spool = place.start()
        #expect(await !place.open(spool))
        #expect(await place.open(spool, adopts: true))
        // It is the spool from now on.
        #expect(await place.open(place.start()) == false, "the first one has the lock")
        let copy = try String(contentsOfFile: "\(place.state)/spool-identity", encoding: .utf8)
        let own = try String(contentsOfFile: "\(place.spool)/identity", encoding: .utf8)
        #expect(copy.split(separator: "\n").last == own.split(separator: "\n").last)
      }
    }
  }

  @Test("A folder of maildrops that has gone leaves nobody with an empty maildrop")
  func missingMaildrops() async throws {
    try await onLoop {
      let place = try Place()
      let spool = place.start()
      #expect(await place.open(spool))
      #expect(try spool.maildrops.maildrop(of: "ann") == nil)
      try await place.accept(spool)
      #expect(try spool.maildrops.maildrop(of: "ann") != nil)
      try FileManager.default.moveItem(
        atPath: "\(place.spool)/mail", toPath: "\(place.spool)/elsewhere")
      #expect(throws: SystemError.self) { try spool.maildrops.maildrop(of: "bob") }
    }
  }
}
