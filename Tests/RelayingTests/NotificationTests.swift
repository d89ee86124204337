import EventLoop
import Foundation
import Mail
import Platform
import TestSupport
import Testing

@testable import Relaying
@testable import Spool

@Suite("What a sender is told") struct NotificationTests {
  private static func envelope(
    from sender: String = "me@home.example", notify: String?,
    to recipient: String = "ann@far.example"
  ) throws -> SubmittedEnvelope {
    let events = try notify.map {
      try #require(NotificationRequest.Events(parsing: ArraySlice($0.utf8)))
    }
    return SubmittedEnvelope(
      reversePath: sender,
      recipients: [
        .init(
          recipient,
          notification: NotificationRequest(
            events: events, originalRecipient: OriginalRecipient(ArraySlice("rfc822;Ann@x".utf8))))
      ], report: ReportRequest(envelopeIdentifier: "QQ1"), origin: "test")
  }

  @Test(
    "A failure is told unless NOTIFY leaves it out",
    arguments: [(nil, 1), ("FAILURE", 1), ("NEVER", 0), ("SUCCESS,DELAY", 0)])
  func failure(notify: String?, reports: Int) async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("RCPT") ? "550 5.1.1 no such user" : nil }
      let bed = try Bed(smarthost: server)
      try await bed.put(try Self.envelope(notify: notify))
      try await bed.run(server)
      #expect(bed.names(in: "mail/me/new").count == reports)
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/cur") == [])
      for report in try bed.files(in: "mail/me/new") {
        #expect(report.contains("\nOriginal-Envelope-Id: QQ1\n"))
        #expect(report.contains("\nOriginal-Recipient: rfc822; Ann@x\n"))
      }
    }
  }

  @Test(
    "A success is told where the next server will not tell it and the sender asks for it",
    arguments: [
      ("SUCCESS", false, 1), ("SUCCESS", true, 0), ("FAILURE", false, 0), (nil, false, 0),
    ])
  func success(notify: String?, hopHasDSN: Bool, reports: Int) async throws {
    try await onLoop {
      let server = try NextServer()
      if hopHasDSN { server.capabilities.append("DSN") }
      let bed = try Bed(smarthost: server)
      try await bed.put(try Self.envelope(notify: notify))
      try await bed.run(server)
      #expect(server.messages.count == 1)
      let files = try bed.files(in: "mail/me/new")
      #expect(files.count == reports)
      #expect(files.allSatisfy { $0.contains("\nAction: relayed\nStatus: 2.0.0\n") })
      let recipient = server.commands.contains(
        "RCPT TO:<ann@far.example> NOTIFY=SUCCESS ORCPT=rfc822;Ann@x")
      #expect(recipient == hopHasDSN)
    }
  }

  @Test("Where the server that stores the mail takes it, it is delivered")
  func handedOver() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed()
      bed.relayer.settings.handovers[try #require(Domain("box.example"))] =
        .tcp(host: "127.0.0.1", port: server.address.port)
      try await bed.put(try Self.envelope(notify: "SUCCESS", to: "ann@box.example"))
      try await bed.run(server)
      #expect(try bed.file(in: "mail/me/new").contains("\nAction: delivered\n"))
    }
  }

  @Test("A success that cannot be told is none that is repeated")
  func successNotStored() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      // A file where the maildrop of the sender would be.
      try Data().write(to: URL(filePath: "\(bed.scratch.path)/mail/me"))
      try await bed.put(try Self.envelope(notify: "SUCCESS"))
      try await bed.run(server)
      #expect(server.messages.count == 1)
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/cur") == [])
    }
  }

  /// Puts a message into the queue that came so long before the start.
  @Loop
  private static func put(
    _ envelope: SubmittedEnvelope, hoursAgo hours: Int64, into bed: Bed
  ) async throws {
    let former = try Spool(path: bed.scratch.path, disk: bed.spool.disk)
    let id = QueueID(microseconds: WallClock.microseconds - hours * 3_600_000_000, counter: 1)
    try await former.begin(envelope, users: [], id: id, trace: "Subject: hello\n\n").commit()
    _ = try await bed.spool.load(longestDelay: .zero)
  }

  @Test(
    "A message that has waited for hours is told of once, unless NOTIFY leaves it out",
    arguments: [
      ("me@home.example", nil, 5, 1), ("me@home.example", nil, 3, 0),
      ("me@home.example", "DELAY", 5, 1), ("me@home.example", "FAILURE", 5, 0),
      ("me@home.example", "NEVER", 5, 0), ("", nil, 5, 0),
    ])
  func delay(from sender: String, notify: String?, hours: Int64, reports: Int) async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("RCPT") ? "450 4.2.0 later" : nil }
      let bed = try Bed(smarthost: server)
      try await Self.put(
        try Self.envelope(from: sender, notify: notify), hoursAgo: hours, into: bed)
      try await bed.run(server)
      let files = try bed.files(in: "mail/me/new")
      #expect(files.count == reports)
      for file in files {
        #expect(file.contains("\nAction: delayed\nStatus: 4.2.0\n"))
        #expect(file.contains("\nWill-Retry-Until: "))
      }
      #expect(bed.names(in: "mail").count == reports)
      #expect(try bed.file(in: "queue/cur").contains("Delay-Report: +") == (reports == 1))
      // The next attempt tells it no more.
      #expect(await bed.spool.makeDue { _ in true } == 1)
      try await bed.run(server)
      #expect(server.commands.count { $0.hasPrefix("RCPT") } == 2)
      #expect(bed.names(in: "mail/me/new").count == reports)
    }
  }

  @Test(
    "How long a message waits before it is told of",
    arguments: [
      (14_399, false, 0, false), (14_400, false, 0, true), (0, false, 14_400, false),
      (0, true, 14_400, true), (0, true, 14_399, false),
    ])
  func isDelayed(known: Int64, isFound: Bool, age: Int64, result: Bool) {
    let schedule = RetrySchedule(waits: [.seconds(60)], lifetime: .seconds(86_400))
    let arrived = RetrySchedule.buildTime
    #expect(
      schedule.isDelayed(
        arrived: arrived, now: arrived + age, known: .seconds(known), isFound: isFound) == result)
    // A clock that has never been set says nothing of the age.
    #expect(
      schedule.isDelayed(arrived: 0, now: age, known: .seconds(known), isFound: isFound)
        == (known >= 14_400))
  }
}
