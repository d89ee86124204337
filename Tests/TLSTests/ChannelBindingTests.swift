import COpenSSL
import Foundation
import TestSupport
import Testing

@testable import TLS

@Suite struct ChannelBindingTests {
  /// What the client of a test speaks.
  private struct Dialect {
    var version = TLS1_3_VERSION
    var hasExtendedMasterSecret = true
  }

  /// Two sides with one certificate after their handshake; `session` is resumed.
  private func connected(
    _ dialect: Dialect, _ context: TLSContext, resuming session: OpaquePointer? = nil
  ) throws -> (server: Side, client: Side, wire: Wire) {
    let wire = try Wire()
    let clientContext = try TLSContext.client(trust: .anyone)
    #expect(co_set_maximum_version(clientContext.pointer, dialect.version) == 1)
    if !dialect.hasExtendedMasterSecret {
      SSL_CTX_set_options(clientContext.pointer, UInt64(1))
    }
    let server = Side(TLSSession.accepting(on: wire.serverEnd, context: context))
    let client = Side(
      try TLSSession.connecting(
        on: wire.clientEnd, context: clientContext, serverName: "gw.home.example"))
    if let session { #expect(SSL_set_session(client.session.pointer, session) == 1) }
    for kind in ChannelBinding.allCases { #expect(server.session.channelBinding(kind) == nil) }
    #expect(shakeHands(server, client) == (.done, .done))
    return (server, client, wire)
  }

  /// The kinds that both ends have, after a check that both have the same data.
  private func kinds(_ server: Side, _ client: Side) -> Set<ChannelBinding> {
    Set(
      ChannelBinding.allCases.filter {
        let ours = server.session.channelBinding($0)
        #expect(ours == client.session.channelBinding($0))
        return ours != nil
      })
  }

  @Test("Both ends of TLS 1.3 have the same data, and no two connections the same exporter")
  func tls13() throws {
    let context = try Credentials().serverContext()
    let first = try connected(Dialect(), context)
    #expect(kinds(first.server, first.client) == [.exporter, .serverEndPoint])
    let second = try connected(Dialect(), context)
    let exported = first.server.session.channelBinding(.exporter)
    #expect(exported?.count == 32)
    #expect(exported != second.server.session.channelBinding(.exporter))
    let endPoint = first.server.session.channelBinding(.serverEndPoint)
    #expect(endPoint == second.server.session.channelBinding(.serverEndPoint))
  }

  @Test("TLS 1.2 has data of every kind with an extended master secret, and only then")
  func tls12() throws {
    let context = try Credentials().serverContext()
    let safe = try connected(Dialect(version: TLS1_2_VERSION), context)
    #expect(kinds(safe.server, safe.client) == Set(ChannelBinding.allCases))
    #expect(safe.server.session.channelBinding(.unique)?.count == 12)
    let old = try connected(
      Dialect(version: TLS1_2_VERSION, hasExtendedMasterSecret: false), context)
    #expect(kinds(old.server, old.client) == [.serverEndPoint])
  }

  @Test("In a session that is resumed, the first Finished message is the server's")
  func resumed() throws {
    let context = try Credentials().serverContext()
    let dialect = Dialect(version: TLS1_2_VERSION)
    let first = try connected(dialect, context)
    let session = try #require(SSL_get1_session(first.client.session.pointer))
    defer { SSL_SESSION_free(session) }
    let second = try connected(dialect, context, resuming: session)
    #expect(SSL_session_reused(second.server.session.pointer) == 1)
    #expect(kinds(second.server, second.client) == Set(ChannelBinding.allCases))
    let unique = second.server.session.channelBinding(.unique)
    #expect(unique != first.server.session.channelBinding(.unique))
    var finished = [UInt8](repeating: 0, count: 12)
    #expect(SSL_get_finished(second.server.session.pointer, &finished, 12) == 12)
    #expect(unique == finished)
  }

  @Test("The end point is the SHA-256 hash of the certificate's octets")
  func endPoint() throws {
    let credentials = try Credentials()
    let sides = try connected(Dialect(), credentials.serverContext())
    let lines = try credentials.text(of: credentials.certificatePath)
      .split(separator: "\n").filter { !$0.hasPrefix("-") }
    let der = try #require(Data(base64Encoded: lines.joined()))
    #expect(
      sides.server.session.channelBinding(.serverEndPoint) == KeyDerivation.sha256(Array(der)))
  }

  @Test(
    "The hash is that of the signature, and none is weaker than SHA-256",
    arguments: [
      ("SHA1", 32), ("SHA224", 28), ("SHA256", 32), ("SHA384", 48), ("SHA512", 64),
      ("SHA3-256", nil), ("ED25519", nil),
    ])
  func hash(signature: String, count: Int?) throws {
    let context = try Credentials().serverContext()
    let certificate = try #require(SSL_CTX_get0_certificate(context.pointer))
    let key = try #require(SSL_CTX_get0_privatekey(context.pointer))
    if signature == "ED25519" {
      let seed = [UInt8](repeating: 7, count: 32)
      let other = try #require(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, 32))
      #expect(X509_sign(certificate, other, nil) > 0)
      EVP_PKEY_free(other)
    } else {
      let hash = try #require(EVP_MD_fetch(nil, signature, nil))
      #expect(X509_sign(certificate, key, hash) > 0)
      EVP_MD_free(hash)
    }
    // The library remembers of a certificate how it was signed first; a copy is read anew.
    let copy = try #require(X509_dup(certificate))
    defer { X509_free(copy) }
    #expect(TLSSession.serverEndPoint(of: copy)?.count == count)
  }

  @Test("A certificate that is signed with RSA-PSS has an end point by the hash of its parameters")
  func probabilisticSignature() throws {
    let scratch = try ScratchDirectory()
    let script = """
      cd "$1"
      openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=gw.home.example \
        -sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest 2>err || cat err
      openssl x509 -in cert -outform der | openssl dgst -sha384 -r
      """
    let output = Pipe()
    let process = try ChildProcess(
      "/bin/sh", ["-c", script, "sh", scratch.path], output: output.fileHandleForWriting)
    let said = String(decoding: try output.readToEnd(), as: UTF8.self)
    #expect(process.wait() == 0)
    let context = try TLSContext.server([
      CertificateFiles(certificate: "\(scratch.path)/cert", key: "\(scratch.path)/key")
    ])
    let certificate = try #require(SSL_CTX_get0_certificate(context.pointer))
    let hash = try #require(TLSSession.serverEndPoint(of: certificate))
    #expect(said.hasPrefix(Fingerprint.text(hash)), "\(said)")
  }
}
