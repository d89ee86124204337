import DNS
import EventLoop
import Foundation
import Grants
import Mail
import Platform
import SMTP
import TLS
import TestSupport
import Testing

@testable import Accounts
@testable import Network
@testable import Receiving
@testable import Spool

/// The SMTP service with three users and a spool in a directory of its own.
@Loop
final class Bed {
  nonisolated let scratch: ScratchDirectory
  let grants: Grants
  let accounts: Accounts
  let spool: Spool
  let receiver: Receiver
  /// The only thread that touches the spool's files.
  nonisolated let disk = WorkerPool(threads: 1)
  private let clientContext: TLSContext

  nonisolated static let trusted = IPAddress(v4: 0xC0A8_0105)
  nonisolated static let stranger = IPAddress(v4: 0xCB00_7105)

  init(nameServers: NameServers = NameServers([])) throws {
    scratch = try ScratchDirectory()
    let workers = WorkerPool(threads: 1)
    let pair = try SelfSignedCertificate.make(hostName: "gw.home.example")
    let (certificate, key) = ("\(scratch.path)/cert.pem", "\(scratch.path)/key.pem")
    try Data(pair.certificatePEM).write(to: URL(filePath: certificate))
    try Data(pair.keyPEM).write(to: URL(filePath: key))
    clientContext = try TLSContext.client(trust: .anyone)
    let verifier = SCRAMVerifier(password: Array("secret".utf8), salt: [1], iterations: 2)
    let hash = Verifier.scram(verifier).text
    let users = """
      alice:\(hash):send-as=alice@home.example,@alice.example
      bob:\(hash):
      dora:\(hash):quota=1K
      inner:\(hash):may-relay=no
      away:\(hash):disabled=yes

      """
    try Data(users.utf8).write(to: URL(filePath: "\(scratch.path)/users"))
    for folder in ["spool", "state"] {
      try FileManager.default.createDirectory(
        atPath: "\(scratch.path)/\(folder)", withIntermediateDirectories: false)
    }
    let domain = try #require(Domain("home.example"))
    accounts = try Accounts(
      path: "\(scratch.path)/users", domains: [domain], workers: workers, report: { _ in })
    var facts = try GrantFacts(
      credential: accounts.credential(ofUser:), mayEarn: { [earning] in earning.networks($0) })
    facts.now = { [clock] in GrantTime(boot: .now + clock.ahead, wall: WallClock.now) }
    grants = Grants(
      path: "\(scratch.path)/state", disk: workers, rules: GrantRules(window: .seconds(60)),
      facts: facts, report: { _ in })
    spool = try Spool(path: "\(scratch.path)/spool", disk: disk)
    let hostname = try #require(Domain("gw.home.example"))
    var settings = ReceivingSettings(
      hostname: hostname, domains: [domain], isTrusted: { $0 == Self.trusted },
      limits: SendingLimits(
        messageBytes: 100_000, recipients: 100, messagesPerHour: .unlimited,
        recipientsPerHour: .unlimited),
      freeSpaceBytes: 0, commandTimeout: .seconds(60))
    settings.addsMissingFields = false
    let recipients = LocalRecipients(
      accounts: accounts, aliases: Aliases(path: "\(scratch.path)/aliases", report: { _ in }),
      rules: LocalRules(domains: [domain], separator: UInt8(ascii: "+")))
    let rules = ClientRules(
      connectionsPerMinute: nil, commandsPerMinute: nil, failedLogins: 10, ban: .seconds(60),
      loginDelay: .zero)
    let reports = ReportingMTA(
      host: hostname, postmaster: try #require(Mailbox("postmaster@home.example")), spool: spool
    ) { $0.domain == domain ? ReportingMTA.Destination(users: [$0.localPart]) : nil }
    receiver = Receiver(
      settings: settings,
      parts: Receiver.Parts(
        identity: ServerIdentity(
          try TLSContext.server([CertificateFiles(certificate: certificate, key: key)])),
        spool: spool, accounts: accounts, recipients: recipients, grants: grants,
        conduct: Conduct(rules) { $0 == Self.trusted ? .trusted : .stranger },
        resolver: Resolver(nameServers), reports: { reports },
        flush: { [flushed] matches in
          flushed.domains += ["busy.example", "sub.busy.example"].compactMap { Domain($0) }
            .filter(matches)
          return flushed.domains.count
        }))
  }

  /// Where a login earns a grant.
  let earning = Earning()
  /// How far the clock of the grants is ahead of ours.
  let clock = Clock()

  @Loop
  final class Earning {
    var networks: (IPAddress) -> Bool = { _ in true }
    nonisolated init() {}
  }

  @Loop
  final class Clock {
    var ahead = Duration.zero
    nonisolated init() {}
  }

  /// Has a user log in by POP3 at an address.
  func grant(_ address: IPAddress, _ user: String) {
    let credential = accounts.credential(ofUser: user) ?? ""
    #expect(
      grants.grant(
        address, user: user, credential: credential, how: "USER", isEncrypted: false))
  }

  /// What ETRN has asked for.
  let flushed = Flushed()

  @Loop
  final class Flushed {
    var domains: [Domain] = []
    nonisolated init() {}
  }

  /// Changes the lines of the users file.
  func changeUsers(_ change: ([String]) -> [String]) throws {
    let path = "\(scratch.path)/users"
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let text = change(lines.map(String.init)).map { $0 + "\n" }.joined()
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Gives every client a profile.
  func useProfile(_ change: (inout ClientProfile) -> Void) {
    var profile = ClientProfile { _, _, _ in true }
    change(&profile)
    receiver.settings.profiles = [profile]
  }

  /// Runs `body` as the client of one session, and returns when both have ended.
  func session(
    _ service: ReceivingService = .smtp, from address: IPAddress = trusted,
    _ body: @escaping @Loop @Sendable (Client) async throws -> Void
  ) async throws {
    let sockets = try SocketPair()
    let server = try Connection(
      sockets.left.duplicate(), peer: SocketAddress(address, port: 1))
    let client = Client(
      try Connection(sockets.right.duplicate(), peer: SocketAddress(address, port: 2)),
      clientContext, server: sockets.left.number)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [receiver] in await receiver.serve(server, as: service) }
      group.addTask {
        do {
          if service == .submissions { try await client.startTLS() }
          try await body(client)
        } catch {
          await client.hangUp()
          throw error
        }
        await client.hangUp()
      }
      try await group.waitForAll()
    }
  }

  /// The names in a folder of the spool; none if it is not there.
  nonisolated func names(in folder: String) -> [String] {
    let path = "\(scratch.path)/spool/\(folder)"
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// The files in a folder of the spool, as text.
  nonisolated func files(in folder: String, named names: [String]? = nil) throws -> [String] {
    try (names ?? self.names(in: folder)).map {
      try String(contentsOfFile: "\(scratch.path)/spool/\(folder)/\($0)", encoding: .utf8)
    }
  }
}

/// The client's end of a session.
@Loop
final class Client {
  let connection: Connection
  private let context: TLSContext
  /// The number of the server's end, which lives as long as the session.
  private let server: Int32

  init(_ connection: Connection, _ context: TLSContext, server: Int32 = -1) {
    self.connection = connection
    self.context = context
    self.server = server
  }

  private var deadline: Instant { .now + .seconds(600) }

  /// Sends lines in one write.
  func send(_ lines: String...) async throws {
    try await send(octets: Array(lines.map { $0 + "\r\n" }.joined().utf8))
  }

  func send(octets: [UInt8]) async throws {
    try await connection.write(octets, until: deadline)
    try await connection.flush(until: deadline)
  }

  /// Sends octets, and returns when the server has read them: the next ones are another read.
  func send(piece octets: ArraySlice<UInt8>) async throws {
    try await send(octets: Array(octets))
    for _ in 0..<1_000_000 {
      await Task.yield()
      var unread: Int32 = 0
      try #require(ioctl(server, UInt(FIONREAD), &unread) == 0)
      if unread == 0 { return }
    }
    Issue.record("the server does not read")
  }

  /// The last line of the next reply; `<closed>` when the server has closed the connection.
  func reply() async throws -> String {
    while true {
      do throws(ConnectionError) {
        let line = try await connection.readLine(limit: 10_000, until: deadline) ?? []
        if line.count < 4 || line[3] != UInt8(ascii: "-") {
          return String(decoding: line, as: UTF8.self)
        }
      } catch {
        guard case .closed = error else { throw error }
        return "<closed>"
      }
    }
  }

  /// Reads a reply that begins with `prefix`.
  func expect(_ prefix: String, at place: SourceLocation = #_sourceLocation) async throws {
    let reply = try await reply()
    #expect(reply.hasPrefix(prefix), "\(reply)", sourceLocation: place)
  }

  /// Sends a command that is answered by a reply that begins with `prefix`.
  func ask(
    _ command: String, _ prefix: String = "250", at place: SourceLocation = #_sourceLocation
  ) async throws {
    try await send(command)
    try await expect(prefix, at: place)
  }

  /// Reads the greeting and says EHLO.
  func greet(at place: SourceLocation = #_sourceLocation) async throws {
    try await expect("220 gw.home.example", at: place)
    try await ask("EHLO pc.example", at: place)
  }

  /// Logs in; the session must be under TLS.
  func logIn(
    _ user: String, _ password: String = "secret", _ prefix: String = "235",
    at place: SourceLocation = #_sourceLocation
  ) async throws {
    let response = Data("\0\(user)\0\(password)".utf8).base64EncodedString()
    try await ask("AUTH PLAIN \(response)", prefix, at: place)
  }

  /// Hands in a message and checks the reply to its end.
  func deliver(
    from sender: String = "me@home.example", to recipients: String...,
    content: String = "Subject: hello\r\n\r\nhello\r\n", _ prefix: String = "250",
    at place: SourceLocation = #_sourceLocation
  ) async throws {
    try await ask("MAIL FROM:<\(sender)>", at: place)
    for recipient in recipients { try await ask("RCPT TO:<\(recipient)>", at: place) }
    try await ask("DATA", "354", at: place)
    try await send(octets: Array((content + ".\r\n").utf8))
    try await expect(prefix, at: place)
  }

  func startTLS() async throws {
    try await connection.connectTLS(context, serverName: "gw.home.example", until: deadline)
  }

  /// Closes the connection as the end of a process does.
  func hangUp() async { await connection.close(until: .now) }
}
