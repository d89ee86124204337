import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Relaying
@testable import Spool

/// What an admin does to messages that wait.
@Suite struct ActionTests {
  /// Does it to everything, and collects what is told.
  @Loop
  private static func act(
    _ action: QueueAction, _ patterns: [String] = ["all"], on bed: Bed
  ) async throws -> [QueueActionResult] {
    var results: [QueueActionResult] = []
    let selection = try QueueSelection(patterns)
    let isDone = await bed.relayer.act(action, on: selection, reason: "enough") { piece in
      results += piece.map(\.result)
      return true
    }
    #expect(isDone)
    return results
  }

  @Test("A bounced message is reported to its sender and removed, new or held")
  func bounce() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.put(to: "ann@far.example")
      try await bed.put(to: "bob@far.example")
      #expect(try await Self.act(.hold, ["to=bob@far.example"], on: bed) == [.done])
      #expect(try await Self.act(.bounce, on: bed) == [.done, .done])
      #expect(["new", "cur", "hold"].allSatisfy { bed.names(in: "queue/\($0)").isEmpty })
      #expect(bed.spool.count == 0)
      let reports = try bed.files(in: "mail/me/new")
      #expect(reports.count == 2)
      #expect(reports.allSatisfy { $0.contains("enough") && $0.contains("Action: failed\n") })
    }
  }

  @Test("The bounce of a report goes to the postmaster and no further")
  func bounceOfReport() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.put(from: "", to: "ann@far.example")
      #expect(try await Self.act(.bounce, ["from=<>"], on: bed) == [.done])
      #expect(bed.spool.count == 0)
      #expect(try bed.file(in: "mail/postmaster/new").contains("enough"))
    }
  }

  @Test(
    "A message whose sender has had all reports of the hour stays in the queue, unless it wants none"
  )
  func reportsExhausted() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.relayer.settings.reportsPerHour = 1
      try await bed.put(to: "ann@far.example")
      try await bed.put(to: "bob@far.example")
      let results = try await Self.act(.bounce, on: bed)
      #expect(results.count { $0 == .done } == 1)
      let reason = results.compactMap { if case .failed(let text) = $0 { text } else { nil } }
      #expect(reason.count == 1 && reason[0].contains("reports-per-hour"), "\(reason)")
      #expect(bed.names(in: "queue/new").count == 1)
      #expect(bed.spool.count == 1)
      var recipient = SubmittedEnvelope.Recipient("eve@far.example")
      recipient.notification.events = []
      try await bed.put(
        SubmittedEnvelope(
          reversePath: "me@home.example", recipients: [recipient], origin: "test"))
      #expect(try await Self.act(.bounce, ["to=eve@far.example"], on: bed) == [.done])
    }
  }

  @Test("A message whose sender cannot be told stays in the queue")
  func reportFails() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.put(to: "ann@far.example")
      // Where the maildrop should be stands a file.
      _ = try bed.spool.directories.mail.create("me")
      let results = try await Self.act(.bounce, on: bed)
      guard case .failed? = results.first else {
        Issue.record("\(results)")
        return
      }
      #expect(bed.spool.count == 1 && bed.names(in: "queue/new").count == 1)
      #expect(bed.spool.takeDue(at: .now) != nil)
    }
  }

  @Test("A damaged message is set aside and not said to be returned")
  func damaged() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.put(to: "ann@far.example")
      let name = try #require(bed.names(in: "queue/new").first)
      try Data("x".utf8).write(to: URL(filePath: "\(bed.scratch.path)/queue/new/\(name)"))
      guard case .failed? = try await Self.act(.bounce, on: bed).first else {
        Issue.record("nobody was told of it")
        return
      }
      #expect(bed.spool.count == 0 && bed.names(in: "queue/aside") == [name])
    }
  }

  @Test("What is named and not there, or not held, is told; what a pattern leaves out is not")
  func absent() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.put(to: "ann@far.example")
      let id = "\(try #require(bed.spool.index.messages.first).name.id)"
      #expect(try await Self.act(.release, [id], on: bed) == [.absent])
      #expect(try await Self.act(.release, on: bed) == [])
      #expect(try await Self.act(.remove, ["1763706000.k3v9q0"], on: bed) == [.absent])
      #expect(try await Self.act(.hold, [id], on: bed) == [.done])
      #expect(try await Self.act(.retry, [id], on: bed) == [.held])
      #expect(try await Self.act(.retry, on: bed) == [])
    }
  }

  @Test("There is one command at a time")
  func oneAtATime() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.put(to: "ann@far.example")
      let all = try QueueSelection(["all"])
      let isDone = await bed.relayer.act(.hold, on: all, reason: "") { _ in
        let isSecondDone = await bed.relayer.act(.remove, on: all, reason: "") { _ in true }
        #expect(!isSecondDone)
        return true
      }
      #expect(isDone && bed.names(in: "queue/hold").count == 1)
    }
  }
}
