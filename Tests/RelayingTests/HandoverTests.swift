import EventLoop
import Mail
import Network
import Platform
import SMTP
import TestSupport
import Testing

@testable import Relaying
@testable import Spool

@Suite("Mail that is handed over by LMTP") struct HandoverTests {
  @Loop
  private static func bed(
    _ server: NextServer, _ lmtp: LMTPServer? = nil, domain: String = "home.example"
  ) throws -> Bed {
    let bed = try Bed()
    bed.relayer.settings.handovers[try #require(Domain(domain))] =
      lmtp ?? .tcp(host: "127.0.0.1", port: server.address.port)
    return bed
  }

  @Test("A recipient in a domain that is handed over goes to its server, whoever takes the rest")
  func byDomain() async throws {
    try await onLoop {
      let server = try NextServer()
      server.verdict = { message in
        Array(repeating: "250 2.1.5 stored", count: message.recipients.count)
          .joined(separator: "|")
      }
      let smarthost = try NextServer()
      let bed = try Self.bed(server)
      bed.relayer.settings.smarthost = .init(
        host: "127.0.0.1", port: smarthost.address.port, isImplicitTLS: true,
        credentials: .init(user: "me", password: []))
      smarthost.capabilities.append("AUTH PLAIN")
      smarthost.isImplicitTLS = true
      smarthost.context = try Identity("127.0.0.1").server
      bed.relayer.settings.encryption = .required
      try await bed.put(to: "ann@home.example", "bob@far.example", "cat@HOME.example")
      try await bed.run(server, smarthost)
      #expect(server.commands.first == "LHLO gw.home.example")
      #expect(server.messages.map(\.recipients) == [["<ann@home.example>", "<cat@home.example>"]])
      #expect(smarthost.messages.map(\.recipients) == [["<bob@far.example>"]])
      #expect(!server.commands.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("STARTTLS") })
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/cur") == [])
    }
  }

  @Test("Each recipient has the outcome of its own reply after the content")
  func replies() async throws {
    try await onLoop {
      let server = try NextServer()
      server.verdict = { _ in "250 2.1.5 stored|452 4.2.2 full|552 5.2.2 full for good" }
      let bed = try Self.bed(server, domain: "box.example")
      try await bed.put(to: "ann@box.example", "bob@box.example", "cat@box.example")
      try await bed.run(server)
      #expect(
        try bed.envelope().filter { $0.hasPrefix("To:") } == [
          "To: + <ann@box.example>", "To: - <bob@box.example>", "To: ! <cat@box.example>",
        ])
      #expect(try bed.file(in: "mail/me/new").contains("rfc822; cat@box.example"))
    }
  }

  @Test("A Unix socket takes it too, and one that is not there keeps the message")
  func unixSocket() async throws {
    try await onLoop {
      let listener = try UnixListener()
      let server = try NextServer()
      let bed = try Self.bed(server, .unix(path: listener.path))
      try await bed.put(to: "ann@home.example")
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask { try await Self.serve(listener, by: server) }
        try await bed.run(until: { server.messages.count == 1 && bed.isSettled })
        group.cancelAll()
      }
      #expect(bed.names(in: "queue/cur") == [])

      let other = try Self.bed(server, .unix(path: "/nonexistent/lmtp"))
      try await other.put(to: "ann@home.example")
      try await other.run()
      #expect(try #require(other.envelope().last).contains("unix:/nonexistent/lmtp"))
      #expect(other.names(in: "mail") == [])
    }
  }

  /// Accepts one client.
  @Loop
  private static func serve(_ listener: UnixListener, by server: NextServer) async throws {
    let end = Instant.now + .seconds(60)
    var client: Connection?
    while client == nil, Instant.now < end {
      client = try Self.client(of: listener)
      await Task.yield()
    }
    await server.serve(try #require(client))
  }

  @Loop
  private static func client(of listener: UnixListener) throws -> Connection? {
    guard let descriptor = try waiting(at: listener) else { return nil }
    return try Connection(
      descriptor, peer: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0))
  }

  private static func waiting(at listener: UnixListener) throws(SystemError) -> Descriptor? {
    do throws(SystemError) { return try listener.accept() } catch let error
      where error.isWouldBlock
    { return nil }
  }

  @Test("The name localhost needs no name server")
  func localhost() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Self.bed(server, .tcp(host: "localhost", port: server.address.port))
      try await bed.put(to: "ann@home.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
    }
  }

  @Test("Whatever is wrong with the name of the server keeps the message")
  func wrongName() async throws {
    try await onLoop {
      let server = try NextServer()
      for host in ["nowhere.example", "not a name"] {
        let bed = try Self.bed(server, .tcp(host: host, port: 24))
        try await bed.put(to: "ann@home.example")
        try await bed.run(server)
        #expect(bed.names(in: "queue/cur").count == 1)
        #expect(bed.names(in: "mail") == [])
      }
    }
  }

  @Test("A report to a sender whose domain is handed over is handed over as well")
  func report() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("RCPT TO:<ann@") ? "550 5.1.1 no such user" : nil }
      let bed = try Self.bed(server)
      try await bed.put(from: "me@home.example", to: "ann@home.example")
      try await bed.run(server)
      #expect(server.messages.map(\.recipients) == [["<me@home.example>"]])
      #expect(server.messages.map(\.sender) == ["<>"])
      #expect(bed.names(in: "mail") == [])
    }
  }

  @Test("A server that knows no postmaster does not set off reports about reports without end")
  func circle() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("RCPT") ? "550 5.1.1 no such user" : nil }
      let bed = try Self.bed(server)
      try await bed.put(from: "me@home.example", to: "ann@home.example")
      try await bed.run(server)
      #expect(server.commands.count { $0.hasPrefix("RCPT") } == 2)
      #expect(bed.names(in: "mail/postmaster/new").count == 1)
      #expect(bed.names(in: "queue/new") + bed.names(in: "queue/cur") == [])
    }
  }
}
