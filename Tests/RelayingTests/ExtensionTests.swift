import EventLoop
import Mail
import Platform
import TestSupport
import Testing

@testable import Relaying
@testable import Spool

@Suite("SMTPUTF8 and REQUIRETLS on the way out, and queues that are flushed")
struct ExtensionTests {
  private static func put(
    into bed: Bed, from sender: String = "me@home.example", isInternationalized: Bool = false,
    requiresTLS: Bool = false, content: String = "Subject: hello\n\nhello\n"
  ) async throws {
    try await bed.put(
      SubmittedEnvelope(
        reversePath: sender, recipients: [.init("ann@far.example")],
        isInternationalized: isInternationalized, requiresTLS: requiresTLS, origin: "test"),
      content: Array(content.utf8))
  }

  @Test(
    "SMTPUTF8 is asked for where the header needs it and the message was declared so",
    arguments: [
      (true, "Subject: \u{E9}\n\nhello\n", true), (true, "Subject: e\n\n\u{E9}\n", false),
      (false, "Subject: \u{E9}\n\nhello\n", false), (true, "Subject: e\n", false),
      (true, "X: \(String(repeating: "x", count: 40_000))\n\nhello\n", true),
    ])
  func international(isDeclared: Bool, content: String, isNeeded: Bool) async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities.append("SMTPUTF8")
      let bed = try Bed(smarthost: server)
      try await Self.put(into: bed, isInternationalized: isDeclared, content: content)
      try await bed.run(server)
      #expect(server.messages.count == 1)
      let mail = try #require(server.commands.first { $0.hasPrefix("MAIL") })
      #expect(mail.hasSuffix(" SMTPUTF8") == isNeeded)

      let other = try NextServer()
      let otherBed = try Bed(smarthost: other)
      try await Self.put(into: otherBed, isInternationalized: isDeclared, content: content)
      try await otherBed.run(other)
      #expect(other.messages.count == (isNeeded ? 0 : 1))
      #expect(otherBed.names(in: "queue/cur") == [])
      let reports = try otherBed.files(in: "mail/me/new")
      #expect(reports.count == (isNeeded ? 1 : 0))
      #expect(reports.allSatisfy { $0.contains("\nStatus: 5.6.7\n") })
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var offersTLS = true
    var offersExtension = true
    var isCertificateKnown = true
    var encryption = RelayingSettings.Encryption.opportunistic
    /// What comes of it: a status, `delivered` or `waits`.
    var result: String

    var testDescription: String {
      "TLS \(offersTLS), REQUIRETLS \(offersExtension), known \(isCertificateKnown): \(result)"
    }
  }

  @Test(
    "A message with REQUIRETLS goes only where it is heeded, by a server that is who it says",
    arguments: [
      Case(result: "delivered"), Case(encryption: .none, result: "delivered"),
      Case(offersExtension: false, result: "5.7.30"), Case(offersTLS: false, result: "5.7.10"),
      Case(isCertificateKnown: false, result: "waits"),
    ])
  func requiresTLS(_ example: Case) async throws {
    try await onLoop {
      let server = try NextServer()
      let identity = try Identity("smart.example")
      if example.offersTLS { server.context = identity.server }
      if example.offersExtension { server.capabilities.append("REQUIRETLS") }
      let bed = try Bed(smarthost: server, "smart.example", encryption: example.encryption)
      bed.zone.entries["smart.example"] = .init(v4: [[127, 0, 0, 1]])
      let known = example.isCertificateKnown ? identity : try Identity("smart.example")
      bed.relayer.authorities = .authorities(path: known.certificatePath)
      try await Self.put(into: bed, requiresTLS: true)
      try await bed.run(server)
      switch example.result {
      case "delivered":
        #expect(server.messages.map(\.isEncrypted) == [true])
        #expect(server.commands.contains { $0.hasPrefix("MAIL") && $0.hasSuffix(" REQUIRETLS") })
      case "waits":
        #expect(bed.names(in: "queue/cur").count == 1)
      default:
        #expect(try bed.file(in: "mail/me/new").contains("\nStatus: \(example.result)\n"))
      }
      if example.result != "delivered" {
        #expect(!server.commands.contains { $0.hasPrefix("MAIL") })
      }
    }
  }

  @Test("One server that may be mended outweighs those that lack REQUIRETLS")
  func oneMayBeMended() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      // The second address has nobody who listens.
      bed.zone.entries["far.example"] = .init(v4: [[127, 0, 0, 1], [127, 0, 0, 2]])
      try await Self.put(into: bed, requiresTLS: true)
      try await bed.run(server)
      #expect(bed.names(in: "mail") == [])
      #expect(bed.names(in: "queue/cur").count == 1)
    }
  }

  @Test("A session without a proof is never taken for a message that needs one")
  func noSharedSession() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(smarthost: server)
      try await Self.put(into: bed)
      try await Self.put(into: bed, requiresTLS: true)
      try await Self.put(into: bed, from: "", requiresTLS: true)
      try await bed.run(server)
      #expect(server.messages.map(\.sender).sorted() == ["<>", "<me@home.example>"])
      #expect(!server.commands.contains { $0.contains("REQUIRETLS") })
      #expect(try bed.file(in: "mail/me/new").contains("\nStatus: 5.7.10\n"))
    }
  }

  @Test(
    "A flush tries what waits for its domains, although their server was down, and nothing else")
  func flush() async throws {
    try await onLoop {
      let server = try NextServer()
      server.greeting = "421 4.3.2 busy"
      let bed = try Bed(mxPort: server.address.port)
      for domain in ["far.example", "else.example"] {
        bed.zone.entries[domain] = .init(v4: [[127, 0, 0, 1]])
        try await bed.put(to: "ann@\(domain)")
      }
      try await bed.run(server)
      #expect(bed.names(in: "queue/cur").count == 2)
      server.greeting = "220 mx"
      let far = try #require(Domain("far.example"))
      #expect(await bed.relayer.flush { $0 == far } == 1)
      try await bed.run(server)
      #expect(server.messages.map(\.recipients) == [["<ann@far.example>"]])
      #expect(await bed.relayer.flush { _ in true } == 1)
      try await bed.run(server)
      #expect(server.messages.count == 2)
      #expect(await bed.relayer.flush { _ in true } == 0)
    }
  }
}
