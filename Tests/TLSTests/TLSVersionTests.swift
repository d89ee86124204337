import COpenSSL
import Foundation
import Testing

@testable import TLS

@Suite struct TLSVersionTests {
  /// A client that offers one version only, however old.
  private func client(on wire: Wire, version: Int32) throws -> Side {
    let context = try TLSContext.client(trust: .anyone)
    SSL_CTX_set_security_level(context.pointer, 0)
    #expect(co_set_minimum_version(context.pointer, version) == 1)
    #expect(co_set_maximum_version(context.pointer, version) == 1)
    return Side(
      try TLSSession.connecting(
        on: wire.clientEnd, context: context, serverName: "gw.home.example"))
  }

  @Test("TLS 1.0 and 1.1 are refused", arguments: [TLS1_VERSION, TLS1_1_VERSION])
  func old(version: Int32) throws {
    let wire = try Wire()
    let (server, _) = try makeSides(on: wire, credentials: try Credentials())
    let ends = shakeHands(server, try client(on: wire, version: version))
    let reason =
      "the client speaks TLS 1.\(version - TLS1_VERSION) at most; if it is a device of yours, it needs a "
      + "[profile] with old-tls = yes"
    #expect(ends.server == .failed(.broken(reason: reason)))
    #expect(ends.client == .failed(.broken(reason: "the server speaks no TLS 1.2 or later")))
  }

  @Test(
    "A context for old devices speaks every version, with authentication all the same",
    arguments: [
      (TLS1_VERSION, "TLSv1"), (TLS1_1_VERSION, "TLSv1.1"), (TLS1_2_VERSION, "TLSv1.2"),
      (TLS1_3_VERSION, "TLSv1.3"),
    ])
  func lenient(version: Int32, name: String) throws {
    let context = try Credentials().serverContext(minimum: .tls10)
    let wire = try Wire()
    let server = Side(TLSSession.accepting(on: wire.serverEnd, context: context))
    #expect(shakeHands(server, try client(on: wire, version: version)) == (.done, .done))
    #expect(server.session.protocolVersion == name)

    let other = try Wire()
    let anonymous = try client(on: other, version: min(version, TLS1_2_VERSION))
    #expect(SSL_set_cipher_list(anonymous.session.pointer, "aNULL:eNULL:@SECLEVEL=0") == 1)
    let ends = shakeHands(
      Side(TLSSession.accepting(on: other.serverEnd, context: context)), anonymous)
    #expect(ends.client == .failed(.refused(alert: "handshake failure")))
  }

  @Test("TLS 1.2 is spoken with those who know nothing newer")
  func tls12() throws {
    let wire = try Wire()
    let (server, _) = try makeSides(on: wire, credentials: try Credentials())
    let client = try client(on: wire, version: TLS1_2_VERSION)
    #expect(shakeHands(server, client) == (.done, .done))
    #expect(server.session.protocolVersion == "TLSv1.2")
    #expect(client.write("QUIT\r\n") == .count(6))
    #expect(server.read() == "QUIT\r\n")
  }

  @Test("A server that asks for TLS 1.3 refuses TLS 1.2")
  func tls13Only() throws {
    let wire = try Wire()
    let context = try Credentials().serverContext(minimum: .tls13)
    let server = Side(TLSSession.accepting(on: wire.serverEnd, context: context))
    let ends = shakeHands(server, try client(on: wire, version: TLS1_2_VERSION))
    #expect(ends.client == .failed(.broken(reason: "the server speaks no TLS 1.2 or later")))
  }

  @Test("A client cannot make the server negotiate again", arguments: [TLSVersion.tls10, .tls12])
  func renegotiation(minimum: TLSVersion) throws {
    let wire = try Wire()
    let serverContext = try Credentials().serverContext(minimum: minimum)
    let server = Side(TLSSession.accepting(on: wire.serverEnd, context: serverContext))
    let context = try TLSContext.client(trust: .anyone)
    #expect(co_set_maximum_version(context.pointer, TLS1_2_VERSION) == 1)
    // Our own clients refuse too, so this one must be told not to.
    SSL_CTX_clear_options(context.pointer, UInt64(1) << 30)
    let client = Side(
      try TLSSession.connecting(
        on: wire.clientEnd, context: context, serverName: "gw.home.example"))
    #expect(shakeHands(server, client) == (.done, .done))
    #expect(SSL_renegotiate(client.session.pointer) == 1)
    #expect(client.session.handshake() == .wantRead)
    #expect(server.readAll().end == .wantRead)
    #expect(
      client.session.handshake() == .failed(.broken(reason: "the peer tries to renegotiate")))
  }

  @Test("Sessions outlive the context they were started from")
  func reload() throws {
    let wire = try Wire()
    var context: TLSContext? = try Credentials().serverContext()
    let server = Side(
      TLSSession.accepting(on: wire.serverEnd, context: try #require(context)))
    let client = Side(
      try TLSSession.connecting(
        on: wire.clientEnd, context: try TLSContext.client(trust: .anyone),
        serverName: "gw.home.example"))
    context = nil
    #expect(shakeHands(server, client) == (.done, .done))
  }
}
