import Foundation
import TestSupport
import Testing

@testable import TLS

/// What is said of servers whose certificates, made by openssl(1), do not prove who they are.
@Suite struct ServerSentenceTests {
  private let authority: TestAuthority

  init() throws { authority = try TestAuthority.shared.get() }

  /// How the client's handshake with a server for this leaf ends.
  private func end(
    _ leaf: TestAuthority.Leaf, authorities path: String? = nil,
    serverName: String = "mx.far.example"
  ) throws -> TLSStep {
    let files = try authority.issue(leaf)
    let wire = try Wire()
    let server = try TLSContext.server([
      CertificateFiles(certificate: files.certificate, key: files.key)
    ])
    let client = try TLSContext.client(trust: .authorities(path: path ?? authority.root))
    let session = try TLSSession.connecting(
      on: wire.clientEnd, context: client, serverName: serverName)
    return shakeHands(
      Side(TLSSession.accepting(on: wire.serverEnd, context: server)), Side(session)
    ).client
  }

  private func reason(_ step: TLSStep) -> String {
    if case .failed(.untrusted(let reason)) = step { reason } else { "\(step)" }
  }

  @Test(
    "A certificate that is right in all points is taken", arguments: TestAuthority.KeyKind.allCases)
  func right(key: TestAuthority.KeyKind) throws {
    if key == .rsa1024 { return }
    #expect(try end(.init("other.example", "mx.far.example", key: key)) == .done)
  }

  @Test("The names that a certificate has are told")
  func names() throws {
    let few = try reason(end(.init("smtp.isp.example", "*.isp.example")))
    #expect(
      few.hasPrefix("it is for smtp.isp.example, *.isp.example, and not for this name; to trust"))
    let many = try reason(
      end(.init("a.example", "b.example", "c.example", "d.example", "e.example", "f.example")))
    #expect(
      many.hasPrefix("it is for a.example, b.example, c.example, d.example and 2 more, and not"))
    let address = try reason(end(.init("mx.far.example"), serverName: "192.0.2.1"))
    #expect(address.hasPrefix("it is for mx.far.example, and not for this name"))
  }

  @Test("A common name without an alternative name does not count")
  func commonName() throws {
    let said = try reason(end(.init(commonName: "mx.far.example")))
    #expect(
      said.hasPrefix(
        "it has no subjectAltName with a name, and its common name, mx.far.example, does not count")
    )
  }

  @Test("A chain without its intermediate, and an authority that is not trusted, are told apart")
  func chain() throws {
    let short = try reason(end(.init("mx.far.example", hasIntermediate: false)))
    #expect(
      short.hasPrefix(
        "the server does not send its intermediate: Test Intermediate ec has signed it"))
    let stranger = try Credentials()
    let unknown = try reason(end(.init("mx.far.example"), authorities: stranger.certificatePath))
    #expect(
      unknown.hasPrefix(
        "its authority, Test Root, is not among those in \(stranger.certificatePath)"))
  }

  @Test("Dates and purposes are told in the words of the library")
  func dates() throws {
    let old = try reason(end(.init("mx.far.example", begins: -90, ends: -1)))
    #expect(old.hasPrefix("certificate has expired (is the clock of this machine right?)"))
    let client = try reason(end(.init("mx.far.example", purpose: .client)))
    #expect(client.lowercased().contains("purpose"))
  }

  @Test("The fingerprint is the one that openssl(1) prints, ready for the setting")
  func fingerprint() throws {
    let leaf = TestAuthority.Leaf("other.example")
    let said = try reason(end(leaf))
    let setting = try #require(said.split(separator: "tls = fingerprint=sha256:").last)
    let output = Pipe()
    let process = try ChildProcess(
      "/usr/bin/openssl",
      ["x509", "-in", authority.issue(leaf).certificate, "-noout", "-fingerprint", "-sha256"],
      output: output.fileHandleForWriting)
    let printed = try String(decoding: output.readToEnd(), as: UTF8.self)
    #expect(process.wait() == 0)
    let digits = printed.lowercased().filter { $0.isHexDigit || $0 == "=" || $0 == ":" }
      .split(separator: "=").last?.filter { $0 != ":" }
    #expect(digits == String(setting))
  }
}
