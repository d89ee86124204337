import EventLoop
import Foundation
import Mail
import Platform
import TestSupport
import Testing

@testable import Spool

@Suite struct ReportingMTATests {
  /// A spool with a queued message, and the host that reports on it.
  @Loop
  private final class Bed {
    nonisolated let scratch: ScratchDirectory
    /// The only thread that touches the files.
    nonisolated let disk = WorkerPool(threads: 1)
    let spool: Spool
    var isPostmasterRedirected = false
    var notify: Mailbox?
    var allowance: ReportAllowance?

    init() throws {
      scratch = try ScratchDirectory()
      spool = try Spool(path: scratch.path, disk: disk)
    }

    /// Tells the sender of a message about its recipient.
    func tell(
      _ action: DeliveryReport.Action, from sender: String = "me@home.example",
      report: ReportRequest = ReportRequest(), requiresTLS: Bool = false,
      body: String = "body\n", origin: String = "test"
    ) async throws -> ReportingMTA.Report? {
      let envelope = SubmittedEnvelope(
        reversePath: sender, recipients: [.init("ann@far.example")], requiresTLS: requiresTLS,
        report: report, origin: origin)
      let delivery = spool.begin(envelope, users: [], id: spool.makeID(), trace: "")
      try await delivery.write(Array("Subject: hello\n\n\(body)".utf8))
      try await delivery.commit()
      let message = try #require(spool.takeDue(at: .now))
      let open = try await spool.open(message)
      return try await tell(
        action, about: .init(open.envelope, id: message.name.id), original: .file(open))
    }

    func tell(
      _ action: DeliveryReport.Action, about subject: ReportingMTA.Subject,
      original: ReportingMTA.Original
    ) async throws -> ReportingMTA.Report? {
      let home = try #require(Domain("home.example"))
      let elsewhere = try #require(Mailbox("admin@far.example"))
      let mta = ReportingMTA(
        host: try #require(Domain("gw.home.example")),
        postmaster: try #require(Mailbox("postmaster@home.example")), notify: notify,
        allowance: allowance, spool: spool
      ) { [isPostmasterRedirected] mailbox in
        guard mailbox.domain == home else { return nil }
        if mailbox.localPart == "nobody" { return .init(users: []) }
        // As with an alias of these names that leads elsewhere.
        let isRedirected = mailbox.localPart == "root" || isPostmasterRedirected
        return isRedirected
          ? .init(users: [], remote: [elsewhere]) : .init(users: [mailbox.localPart])
      }
      let recipient = DeliveryReport.Recipient(
        path: try #require(ForwardPath("<ann@far.example>")), status: EnhancedStatus(5, 1, 1),
        reason: "text")
      return try await mta.tell(action, of: [recipient], about: subject, original: original)
    }

    nonisolated func files(in folder: String) throws -> [String] {
      let path = "\(scratch.path)/\(folder)"
      return try ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).map {
        try String(contentsOfFile: "\(path)/\($0)", encoding: .utf8)
      }
    }
  }

  @Test(
    "The sender of a stranger's mail that was sent on is told ten times in an hour, one of ours always"
  )
  func backscatter() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.allowance = ReportAllowance(perHour: 60) { _ in }
      var told = 0
      for number in 0..<15 {
        let sender = "forged\(number)@far.example"
        if try await bed.tell(.failed, from: sender, origin: "203.0.113.5 local") != nil {
          told += 1
        }
        // The report, so that the next message that is due is the next one of these.
        while let message = bed.spool.takeDue(at: .now) { try await bed.spool.remove(message) }
      }
      #expect(told == 10)
      #expect(
        try await bed.tell(.failed, from: "joe@far.example", origin: "192.168.1.5 network") != nil)
      #expect(
        try await bed.tell(.failed, from: "me@home.example", origin: "203.0.113.5 local") != nil)
    }
  }

  @Test("A report to one of our users lies in the maildrop, one to another sender in the queue")
  func destinations() async throws {
    try await onLoop {
      let bed = try Bed()
      #expect(try await bed.tell(.failed)?.recipient.text == "me@home.example")
      #expect(try bed.files(in: "mail/me/new").count == 1)
      _ = try await bed.tell(.failed, from: "eve@else.example")
      let queued = try bed.files(in: "queue/new").filter { $0.contains("Gatepost-From: <>\n") }
      #expect(queued.count == 1)
      #expect(queued[0].contains("\nGatepost-To: - <eve@else.example>\n"))
      #expect(!queued[0].contains("Gatepost-Delay-Report"))
    }
  }

  @Test(
    "The sender of a report is told nothing, and of its failure the postmaster is",
    arguments: [
      (DeliveryReport.Action.failed, 1), (.delayed, 0), (.relayed, 0), (.delivered, 0),
    ])
  func nullSender(action: DeliveryReport.Action, reports: Int) async throws {
    try await onLoop {
      let bed = try Bed()
      let report = try await bed.tell(action, from: "")
      #expect((report == nil) == (reports == 0))
      #expect(try bed.files(in: "mail/postmaster/new").count == reports)
      #expect(try bed.files(in: "queue/new").count == 1)
    }
  }

  @Test(
    "Of mail whose sender is nobody, whoever is to be told of it is",
    arguments: [
      ("printer@local", "notify@home.example"), ("scan@Fritz.Local", "notify@home.example"),
      ("x@localhost", "notify@home.example"), ("x@a.invalid", "notify@home.example"),
      ("nobody@home.example", "notify@home.example"), ("me@home.example", "me@home.example"),
      ("eve@else.example", "eve@else.example"), ("x@[192.0.2.1]", "x@[192.0.2.1]"),
    ])
  func nobody(sender: String, told: String) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.notify = Mailbox("notify@home.example")
      #expect(try await bed.tell(.failed, from: sender)?.recipient.text == told)
      let isHere = told.hasSuffix("home.example")
      let drop = told.prefix { $0 != "@" }
      #expect(try bed.files(in: "mail/\(drop)/new").count == (isHere ? 1 : 0))
      let reports = try bed.files(in: "queue/new").filter { $0.contains("Gatepost-From: <>") }
      // Nothing is ever sent to a printer.
      #expect(reports.count == (isHere ? 0 : 1))
    }
  }

  @Test("With nobody else to be told, the postmaster is")
  func lastOne() async throws {
    try await onLoop {
      let bed = try Bed()
      #expect(
        try await bed.tell(.failed, from: "x@local")?.recipient.text == "postmaster@home.example")
      bed.notify = Mailbox("nobody@home.example")
      _ = try await bed.tell(.failed, from: "x@local")
      #expect(try bed.files(in: "mail/postmaster/new").count == 2)
    }
  }

  @Test("What is over the allowance of an address is not told")
  func allowance() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.allowance = ReportAllowance(perHour: 2) { _ in }
      for number in 0..<4 {
        let report = try await bed.tell(.failed)
        #expect((report != nil) == (number < 2))
      }
      #expect(try await bed.tell(.failed, from: "bob@home.example") != nil)
      #expect(try bed.files(in: "mail/me/new").count == 2)
    }
  }

  @Test("A report follows an alias out of the house, but one about a report stays in it")
  func redirected() async throws {
    try await onLoop {
      let bed = try Bed()
      _ = try await bed.tell(.failed, from: "root@home.example")
      let queued = try bed.files(in: "queue/new").filter { $0.contains("Gatepost-From: <>\n") }
      #expect(queued.count == 1)
      #expect(queued[0].contains("\nGatepost-To: - <admin@far.example>\n"))
      bed.isPostmasterRedirected = true
      _ = try await bed.tell(.failed, from: "")
      #expect(try bed.files(in: "mail/postmaster/new").count == 1)
      let later = try bed.files(in: "queue/new").filter { $0.contains("Gatepost-From: <>\n") }
      #expect(later.count == 1 + 1)  // and the message that the second one is about
    }
  }

  struct Return: Sendable, CustomTestStringConvertible {
    var action = DeliveryReport.Action.failed
    var returned: ReportRequest.Returned?
    var requiresTLS = false
    var bodyBytes = 100_000
    var isWhole: Bool
    var testDescription: String {
      "\(action) \(String(describing: returned)) \(requiresTLS) \(bodyBytes): \(isWhole)"
    }
  }

  @Test(
    "The whole message comes back only where that was asked for, is allowed, and is not large",
    arguments: [
      Return(returned: .full, isWhole: true), Return(returned: .headers, isWhole: false),
      Return(isWhole: false), Return(action: .delayed, returned: .full, isWhole: false),
      Return(action: .relayed, returned: .full, isWhole: false),
      Return(returned: .full, requiresTLS: true, isWhole: false),
      Return(returned: .full, bodyBytes: 1 << 20, isWhole: false),
      Return(returned: .full, bodyBytes: (1 << 20) - 16, isWhole: true),
    ])
  func returned(_ example: Return) async throws {
    try await onLoop {
      let bed = try Bed()
      let body = String(repeating: "x", count: example.bodyBytes - 1) + "\n"
      _ = try await bed.tell(
        example.action, report: ReportRequest(returned: example.returned),
        requiresTLS: example.requiresTLS, body: body)
      let report = try #require(try bed.files(in: "mail/me/new").first)
      #expect(report.contains("\nSubject: hello\n\(example.isWhole ? "\n\(body)\n--" : "\n--")"))
      #expect(report.contains("\nContent-Type: message/rfc822\n") == example.isWhole)
      #expect(report.hasSuffix("--\n"))
    }
  }

  @Test("The report on a message that must not leave in clear must not either")
  func requiresTLS() async throws {
    try await onLoop {
      let bed = try Bed()
      _ = try await bed.tell(.failed, from: "eve@else.example", requiresTLS: true)
      let queued = try bed.files(in: "queue/new").filter { $0.contains("Gatepost-From: <>\n") }
      #expect(queued.first?.contains("\nGatepost-REQUIRETLS: yes\n") == true)
    }
  }

  @Test("A delivery into a maildrop is reported with the header that was received")
  func delivered() async throws {
    try await onLoop {
      let bed = try Bed()
      let envelope = SubmittedEnvelope(
        reversePath: "me@home.example", recipients: [],
        report: ReportRequest(envelopeIdentifier: "QQ1"), origin: "test")
      _ = try await bed.tell(
        .delivered, about: .init(envelope, id: bed.spool.makeID()),
        original: .beginning(Array("Subject: hello\n\nsecret\n".utf8)))
      let report = try #require(try bed.files(in: "mail/me/new").first)
      #expect(report.contains("\nAction: delivered\n"))
      #expect(report.contains("\nOriginal-Envelope-Id: QQ1\n"))
      #expect(report.contains("\nSubject: hello\n\n--"))
      #expect(!report.contains("secret"))
    }
  }

  #if FAULT_INJECTION
    @Test("Whichever call fails, a report is whole and told of, or is not there")
    func everyCall() async throws {
      try await onLoop {
        for call in 1... {
          let bed = try Bed()
          let envelope = SubmittedEnvelope(
            reversePath: "me@home.example", recipients: [], origin: "test")
          await bed.disk.run { FaultInjection.begin(call: call, with: EIO) }
          let report = try? await bed.tell(
            .delivered, about: .init(envelope, id: bed.spool.makeID()),
            original: .beginning(Array("Subject: hello\n\n".utf8)))
          let isReached = await bed.disk.run { FaultInjection.end() }
          #expect(try bed.files(in: "mail/me/new").count == (report == nil ? 0 : 1))
          // A temporary name that could not be removed is left to the next start.
          if report == nil { #expect(try bed.files(in: "queue/tmp") == []) }
          if !isReached {
            #expect(report != nil && call > 5)
            break
          }
        }
      }
    }
  #endif
}
