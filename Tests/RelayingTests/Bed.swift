import EventLoop
import Foundation
import Mail
import Platform
import TLS
import TestSupport
import Testing

@testable import DNS
@testable import Relaying
@testable import Spool

/// A relayer with a queue in a directory of its own, and a name server that knows what a test says.
@Loop
final class Bed {
  nonisolated let scratch: ScratchDirectory
  let zone = Zone()
  let spool: Spool
  let relayer: Relayer
  private let names: NameServer
  /// What the kernel says of addresses and routes.
  var surroundings = Surroundings(own: [], gateways: [])

  private nonisolated static let disk = WorkerPool(threads: 2)

  /// A relayer that goes straight to the MX of each domain.
  init(
    mxPort: UInt16 = 25, retry: [Duration] = [.seconds(3600)],
    patience: Resolver.Patience = Resolver.Patience(), localNames: LocalNames = LocalNames()
  ) throws {
    scratch = try ScratchDirectory()
    spool = try Spool(path: scratch.path, disk: Self.disk)
    names = try zone.makeServer()
    let settings = RelayingSettings(
      hostname: try #require(Domain("gw.home.example")),
      domains: [try #require(Domain("home.example"))],
      postmaster: try #require(Mailbox("postmaster@home.example")),
      otherwise: Route(encryption: .none), mxPort: mxPort, retry: retry,
      lifetime: .seconds(5 * 86_400))
    relayer = Relayer(
      settings: settings, spool: spool,
      resolver: Resolver(
        NameServers([names.address]), localNames: localNames, patience: patience),
      destination: { ReportingMTA.Destination(users: [$0.localPart]) })
    relayer.surroundings = { [unowned self] in surroundings }
  }

  /// A relayer that sends everything to one server.
  convenience init(
    smarthost: NextServer, _ host: String = "127.0.0.1",
    login: (user: String, password: String)? = nil,
    isImplicitTLS: Bool = false, encryption: RelayingSettings.Encryption = .none,
    retry: [Duration] = [.seconds(3600)]
  ) throws {
    try self.init(retry: retry)
    relayer.settings.smarthost = .init(
      host: host, port: smarthost.address.port, isImplicitTLS: isImplicitTLS,
      credentials: login.map { .init(user: $0.user, password: Array($0.password.utf8)) })
    relayer.settings.encryption = encryption
  }

  /// Puts a message into the queue.
  func put(
    from sender: String = "me@home.example", to recipients: String...,
    content: String = "Subject: hello\n\nhello\n"
  ) async throws {
    try await put(from: sender, to: recipients, content: Array(content.utf8))
  }

  /// Puts a message into the queue.
  func put(from sender: String, to recipients: [String], content: [UInt8]) async throws {
    try await put(
      SubmittedEnvelope(
        reversePath: sender, recipients: recipients.map { .init($0) }, origin: "test"),
      content: content)
  }

  /// Puts a message into the queue.
  func put(
    _ envelope: SubmittedEnvelope, content: [UInt8] = Array("Subject: hello\n\nhello\n".utf8)
  ) async throws {
    let delivery = spool.begin(envelope, users: [], id: spool.makeID(), trace: "")
    try await delivery.write(content)
    try await delivery.commit()
  }

  /// Lets a server that offers CHUNKING have chunks at once, as if it had taken a message before.
  func trust(_ server: NextServer, as host: String = "127.0.0.1") {
    relayer.servers.noteInStep(HopAddress(host: host, address: server.address))
  }

  /// Whether nothing is due, stands in line or is under way.
  var isSettled: Bool {
    relayer.active == 0 && relayer.lines.keys.isEmpty
      && (spool.firstDue ?? .distantFuture) > .now
  }

  /// Relays until `isDone`, which by default is when nothing is left to do now, and until every
  /// session has said goodbye.
  func run(_ servers: NextServer..., until isDone: (@Loop () -> Bool)? = nil) async throws {
    let limit = Instant.now + .seconds(60)
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { await self.names.run() }
      for server in servers { group.addTask { await server.run() } }
      group.addTask { await self.relayer.run() }
      while !(isDone?() ?? isSettled) { try await spool.arrival.wait(until: limit) }
      if isDone == nil {
        while relayer.hops.taken > 0 { try await relayer.placeFreed.wait(until: limit) }
      }
      group.cancelAll()
    }
  }

  /// The names in a folder of the spool; none if it is not there.
  nonisolated func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/\(folder)")) ?? [])
      .sorted()
  }

  /// The files in a folder of the spool, as text.
  nonisolated func files(in folder: String) throws -> [String] {
    try names(in: folder).map {
      try String(contentsOfFile: "\(scratch.path)/\(folder)/\($0)", encoding: .utf8)
    }
  }

  /// The only file in a folder of the spool.
  nonisolated func file(in folder: String) throws -> String {
    let files = try files(in: folder)
    try #require(files.count == 1)
    return files[0]
  }

  /// The lines of the only file in `queue/cur` that are its envelope, without the time and origin.
  nonisolated func envelope() throws -> [String] {
    try file(in: "queue/cur").split(separator: "\n").prefix { $0.hasPrefix("Gatepost-") }
      .map { $0.dropFirst("Gatepost-".count).trimmingCharacters(in: .whitespaces) }
      .filter { line in
        !["Arrived:", "Origin:", "Delay-Report:"].contains { line.hasPrefix($0) }
      }
  }
}

extension RelayingSettings {
  /// The server that takes all mail for which there is no route.
  struct Smarthost {
    var host: String
    var port: UInt16
    var isImplicitTLS: Bool
    var credentials: Credentials?
  }

  /// Nil: straight to the MX.
  var smarthost: Smarthost? {
    get {
      guard case .smtp(let host, let port, let isImplicitTLS) = otherwise.servers.first else {
        return nil
      }
      return Smarthost(
        host: host, port: port, isImplicitTLS: isImplicitTLS, credentials: otherwise.credentials)
    }
    set {
      otherwise.servers =
        newValue.map {
          [.smtp(host: $0.host, port: $0.port, isImplicitTLS: $0.isImplicitTLS)]
        } ?? []
      otherwise.credentials = newValue?.credentials
    }
  }

  /// What TLS must give where there is no route.
  var encryption: Encryption {
    get { otherwise.encryption }
    set { otherwise.encryption = newValue }
  }
}

/// A certificate for `host` that it has made itself, and the two sides that know it.
struct Identity {
  let scratch: ScratchDirectory
  let server: TLSContext
  var certificatePath: String { "\(scratch.path)/cert.pem" }

  init(_ host: String) throws {
    scratch = try ScratchDirectory()
    let pair = try SelfSignedCertificate.make(hostName: host)
    let key = "\(scratch.path)/key.pem"
    try Data(pair.certificatePEM).write(to: URL(filePath: "\(scratch.path)/cert.pem"))
    try Data(pair.keyPEM).write(to: URL(filePath: key))
    server = try TLSContext.server([
      CertificateFiles(certificate: "\(scratch.path)/cert.pem", key: key)
    ])
  }
}
