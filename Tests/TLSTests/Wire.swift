import COpenSSL
import Foundation
import Platform
import TestSupport
import Testing

@testable import TLS

/// Two connected sockets that do not block; either end can be closed early.
final class Wire {
  private var server: Descriptor?
  private var client: Descriptor?

  init() throws {
    // OpenSSL writes with write(2): a test that closes one end must not end the process.
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    try #require(
      socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
    server = Descriptor(owning: ends[0])
    client = Descriptor(owning: ends[1])
  }

  var serverEnd: Int32 { server?.number ?? -1 }
  var clientEnd: Int32 { client?.number ?? -1 }

  func cutClient() { client = nil }
}

/// A session that a closure can share with a test.
final class Side {
  var session: TLSSession

  init(_ session: consuming TLSSession) { self.session = session }

  func write(_ text: String) -> TLSStep {
    Array(text.utf8).withUnsafeBytes { session.write($0) }
  }

  /// Everything that can be read now, and how the reading ended.
  func readAll(atOnce count: Int = 4096) -> (bytes: [UInt8], end: TLSStep) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: count)
    while true {
      let step = buffer.withUnsafeMutableBytes { session.read(into: $0) }
      guard case .count(let got) = step else { return (bytes, step) }
      bytes += buffer[..<got]
    }
  }

  var ticket: TLSTicket? { session.ticket() }
  var isResumed: Bool { session.isResumed }

  func read() -> String { String(decoding: readAll().bytes, as: UTF8.self) }
}

/// Takes turns until both sides have come to an end of the handshake, and returns both ends.
func shakeHands(_ server: Side, _ client: Side) -> (server: TLSStep, client: TLSStep) {
  var ends: (server: TLSStep, client: TLSStep) = (.wantRead, .wantRead)
  for _ in 0..<20 {
    if ends.client == .wantRead { ends.client = client.session.handshake() }
    if ends.server == .wantRead { ends.server = server.session.handshake() }
    if ends.client != .wantRead && ends.server != .wantRead { break }
  }
  return ends
}

/// A directory with a certificate and its key, which goes away with the test.
final class Credentials {
  let directory: String
  var certificatePath: String { directory + "/cert.pem" }
  var keyPath: String { directory + "/key.pem" }
  var files: CertificateFiles { CertificateFiles(certificate: certificatePath, key: keyPath) }

  init(hostName: String = "gw.home.example", from: Int64? = nil, until: Int64? = nil) throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "gatepost-\(UUID())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let pair = try SelfSignedCertificate.make(hostName: hostName, from: from, until: until)
    try write(pair.certificatePEM, to: certificatePath)
    try write(pair.keyPEM, to: keyPath)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }

  func text(of path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  func serverContext(minimum: TLSVersion = .tls12) throws -> TLSContext {
    try TLSContext.server([files], minimum: minimum)
  }
}

/// A server and a client on one wire, before the handshake.
func makeSides(
  on wire: Wire, credentials: Credentials, trust: TLSTrust = .anyone,
  serverName: String = "gw.home.example"
) throws -> (server: Side, client: Side) {
  let server = TLSSession.accepting(on: wire.serverEnd, context: try credentials.serverContext())
  let client = try TLSSession.connecting(
    on: wire.clientEnd, context: try TLSContext.client(trust: trust), serverName: serverName)
  return (Side(server), Side(client))
}
