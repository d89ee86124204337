import COpenSSL
import Foundation
import Testing

@testable import TLS

@Suite struct TLSTicketTests {
  /// Two sides after their handshake and a line of the server, with which tickets come in TLS 1.3.
  private func connected(
    _ server: TLSContext, _ client: TLSContext, resuming ticket: TLSTicket? = nil
  ) throws -> (server: Side, client: Side, wire: Wire) {
    let wire = try Wire()
    let serverSide = Side(TLSSession.accepting(on: wire.serverEnd, context: server))
    let clientSide = Side(
      try TLSSession.connecting(
        on: wire.clientEnd, context: client, serverName: "gw.home.example", resuming: ticket))
    #expect(shakeHands(serverSide, clientSide) == (.done, .done))
    #expect(serverSide.write("220 hello") == .count(9))
    #expect(clientSide.read() == "220 hello")
    return (serverSide, clientSide, wire)
  }

  private func client(_ trust: TLSTrust, _ version: Int32) throws -> TLSContext {
    let context = try TLSContext.client(trust: trust)
    #expect(co_set_maximum_version(context.pointer, version) == 1)
    return context
  }

  @Test("A session is resumed by its ticket, again and again", arguments: [0x0303, 0x0304])
  func resumes(version: Int32) throws {
    let credentials = try Credentials()
    let server = try credentials.serverContext()
    let context = try client(.authorities(path: credentials.certificatePath), version)
    var ticket: TLSTicket?
    for turn in 0..<3 {
      let sides = try connected(server, context, resuming: ticket)
      #expect(sides.client.isResumed == (turn > 0))
      ticket = try #require(sides.client.ticket)
      // What a ticket costs: it has the server's certificate, of some 400 octets here.
      #expect(try #require(ticket).count < 2048)
    }
  }

  @Test("A server that has forgotten the ticket is proved anew", arguments: [0x0303, 0x0304])
  func forgotten(version: Int32) throws {
    let credentials = try Credentials()
    let context = try client(.authorities(path: credentials.certificatePath), version)
    let first = try connected(try credentials.serverContext(), context)
    let ticket = try #require(first.client.ticket)
    let second = try connected(try credentials.serverContext(), context, resuming: ticket)
    #expect(!second.client.isResumed)
  }

  @Test(
    "A session that is resumed is held against the fingerprint too", arguments: [0x0303, 0x0304])
  func fingerprint(version: Int32) throws {
    let credentials = try Credentials()
    let server = try credentials.serverContext()
    let first = try connected(server, try client(.anyone, version))
    let ticket = try #require(first.client.ticket)
    let wire = try Wire()
    let other = Side(TLSSession.accepting(on: wire.serverEnd, context: server))
    let context = try client(.fingerprints([[UInt8](repeating: 1, count: 32)]), version)
    let side = Side(
      try TLSSession.connecting(
        on: wire.clientEnd, context: context, serverName: "gw.home.example", resuming: ticket))
    guard case .failed(.untrusted) = shakeHands(other, side).client else {
      Issue.record("the fingerprint was not looked at")
      return
    }
    #expect(side.isResumed)
  }

  @Test("There is no ticket before the handshake")
  func none() throws {
    let wire = try Wire()
    let (_, client) = try makeSides(on: wire, credentials: try Credentials())
    #expect(client.ticket == nil)
  }
}
