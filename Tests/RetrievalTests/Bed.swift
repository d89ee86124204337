import EventLoop
import Foundation
import Grants
import Platform
import TLS
import TestSupport
import Testing

@testable import Accounts
@testable import Network
import Spool
@testable import Retrieval

/// The service with the test bed's users and maildrops, in a directory of its own.
@Loop
final class Bed {
  nonisolated let scratch: ScratchDirectory
  nonisolated let workers = WorkerPool(threads: 2)
  let grants: Grants
  let conduct = Conduct(
    ClientRules(
      connectionsPerMinute: nil, commandsPerMinute: 100, failedLogins: 4, ban: .seconds(900),
      loginDelay: .zero)
  ) { _ in .stranger }
  var settings: RetrievalSettings
  let service: Retrieval
  let accounts: Accounts
  private let clientContext: TLSContext
  let clock = Clock()

  /// The clock of the grants.
  @Loop
  final class Clock {
    /// How far it is ahead of the others.
    var ahead: Duration = .zero
    nonisolated init() {}
  }

  nonisolated static let phone = IPAddress(v4: 0xC0A8_0105)
  nonisolated static let stranger = IPAddress(v4: 0xCB00_7105)

  init(timeout: Duration = .seconds(600)) throws {
    scratch = try ScratchDirectory()
    let pair = try SelfSignedCertificate.make(hostName: "gw.home.example")
    let (certificate, key) = ("\(scratch.path)/cert.pem", "\(scratch.path)/key.pem")
    try Data(pair.certificatePEM).write(to: URL(filePath: certificate))
    try Data(pair.keyPEM).write(to: URL(filePath: key))
    let identity = ServerIdentity(
      try TLSContext.server([CertificateFiles(certificate: certificate, key: key)]))
    clientContext = try TLSContext.client(trust: .anyone)
    let verifier = SCRAMVerifier(password: Array("secret".utf8), salt: [1], iterations: 2)
    let hash = Verifier.scram(verifier).text
    let users = """
      alice:\(hash):
      bob:\(hash):
      sender:\(hash):may-pop=no
      away:\(hash):disabled=yes

      """
    try Data(users.utf8).write(to: URL(filePath: "\(scratch.path)/users"))
    accounts = try Accounts(
      path: "\(scratch.path)/users", domains: [], workers: workers, report: { _ in })
    try FileManager.default.createDirectory(
      atPath: "\(scratch.path)/mail", withIntermediateDirectories: false)
    try FileManager.default.copyItem(
      at: Dialogue.folder(of: "pop3").appending(path: "maildrops/alice"),
      to: URL(filePath: "\(scratch.path)/mail/alice"))
    var facts = try GrantFacts(
      credential: accounts.credential(ofUser:), mayEarn: { $0 == Self.phone })
    facts.now = { [clock] in
      let now = GrantTime.now
      return GrantTime(boot: now.boot + clock.ahead, wall: now.wall + clock.ahead.wholeSeconds)
    }
    grants = Grants(
      path: scratch.path, disk: workers, rules: GrantRules(window: .seconds(900)), facts: facts,
      report: { _ in })
    settings = RetrievalSettings(
      hostName: "gw.home.example", allowsLoginWithoutTLS: { _ in true }, timeout: timeout)
    service = Retrieval(
      settings, identity: identity, accounts: accounts, grants: grants, conduct: conduct,
      maildrops: try Maildrops(Spool(path: scratch.path, disk: workers), disk: workers))
  }

  /// Runs `body` as the client of one session, and returns when both have ended.
  ///
  /// - Parameter sendBufferBytes: how much the kernel takes before the client reads.
  func session(
    _ listener: String = "pop3", from client: IPAddress = phone, sendBufferBytes: Int32? = nil,
    _ body: @escaping @Loop @Sendable (Client) async throws -> Void
  ) async throws {
    var settings = self.settings
    settings.allowsLoginWithoutTLS = { _ in listener != "pop3-encrypt" }
    service.settings = settings
    let sockets = try SocketPair()
    if var sendBufferBytes {
      setsockopt(
        sockets.left.number, SOL_SOCKET, SO_SNDBUF, &sendBufferBytes,
        socklen_t(MemoryLayout<Int32>.size))
    }
    let server = try Connection(
      sockets.left.duplicate(), peer: SocketAddress(client, port: 1))
    let end = Client(
      try Connection(sockets.right.duplicate(), peer: SocketAddress(client, port: 2)),
      clientContext)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        [service] in
        await service.serve(server, listener: listener, beginsWithTLS: listener == "pop3s")
      }
      group.addTask {
        do {
          if listener == "pop3s" { try await end.startTLS() }
          try await body(end)
        } catch {
          await end.hangUp()
          throw error
        }
        await end.hangUp()
      }
      try await group.waitForAll()
    }
  }

  nonisolated func path(_ file: String) -> String { "\(scratch.path)/mail/alice/\(file)" }

  nonisolated func put(_ file: String, _ content: String) throws {
    try Data(content.utf8).write(to: URL(filePath: path(file)))
  }

  nonisolated func files() throws -> [String] {
    try ["new", "cur"].flatMap { try FileManager.default.contentsOfDirectory(atPath: path($0)) }
      .sorted()
  }
}

/// The client's end of a session.
@Loop
final class Client {
  private let connection: Connection
  private let context: TLSContext

  init(_ connection: Connection, _ context: TLSContext) {
    self.connection = connection
    self.context = context
  }

  private var deadline: Instant { .now + .seconds(600) }

  /// Sends lines in one write.
  func send(_ lines: String...) async throws {
    try await send(octets: lines.map { Array($0.utf8) })
  }

  /// Sends lines in one write.
  func send(octets lines: [[UInt8]]) async throws {
    for line in lines {
      try await connection.write(line + Array("\r\n".utf8), until: deadline)
    }
    try await connection.flush(until: deadline)
  }

  /// The next line of the server; `<closed>` when it has closed the connection.
  func line() async throws -> String {
    do throws(ConnectionError) {
      let line = try await connection.readLine(limit: 100_000, until: deadline)
      return line.map { String(decoding: $0, as: UTF8.self) } ?? "line too long"
    } catch {
      guard case .closed = error else { throw error }
      return "<closed>"
    }
  }

  /// Reads a line that begins with `prefix`.
  func expect(
    _ prefix: String, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
  ) async throws {
    let line = try await line()
    #expect(line.hasPrefix(prefix), comment, sourceLocation: place)
  }

  /// Sends a command that is answered by a line that begins with `prefix`.
  func ask(
    _ command: String, _ prefix: String = "+OK", at place: SourceLocation = #_sourceLocation
  ) async throws {
    try await send(command)
    try await expect(prefix, at: place)
  }

  /// Reads the greeting and logs in.
  func logIn(
    _ user: String = "alice", _ password: String = "secret", _ prefix: String = "+OK",
    at place: SourceLocation = #_sourceLocation
  ) async throws {
    try await expect("+OK gw.home.example", at: place)
    try await ask("USER \(user)", at: place)
    try await ask("PASS \(password)", prefix, at: place)
  }

  /// Reads lines up to the lone dot, joins them by LF, and undoes the dots of stuffing.
  func content() async throws -> String {
    var text = ""
    while true {
      let line = try await line()
      if line == "." || line == "<closed>" { return text }
      text += line.hasPrefix(".") ? line.dropFirst() + "\n" : line + "\n"
    }
  }

  /// The data of `tls-exporter` of this connection.
  var channelBinding: [UInt8]? { connection.channelBinding(named: "tls-exporter") }

  func startTLS() async throws {
    try await connection.connectTLS(context, serverName: "gw.home.example", until: deadline)
  }

  /// Closes the connection as the end of a process does.
  func hangUp() async {
    await connection.close(until: .now)
    // The socket has a second descriptor, in the bed.
    shutdown(connection.descriptor.number, Int32(SHUT_RDWR))
  }
}
