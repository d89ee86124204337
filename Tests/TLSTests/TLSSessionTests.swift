import COpenSSL
import Foundation
import Platform
import Testing

@testable import TLS

@Suite struct TLSSessionTests {
  @Test("Two sides agree, and what one writes the other reads")
  func handshake() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(on: wire, credentials: try Credentials())
    #expect(client.session.handshake() == .wantRead)
    #expect(shakeHands(server, client) == (.done, .done))
    #expect(server.session.protocolVersion == "TLSv1.3")
    #expect(server.session.cipherName == client.session.cipherName)
    #expect(server.session.cipherName.hasPrefix("TLS_"))
    #expect(server.write("220 gw\r\n") == .count(8))
    #expect(client.read() == "220 gw\r\n")
    #expect(client.write("EHLO me\r\n") == .count(9))
    #expect(server.read() == "EHLO me\r\n")
    #expect(server.readAll().end == .wantRead)
  }

  @Test("TLS starts on a connection that has carried plain text")
  func upgrade() throws {
    let wire = try Wire()
    let greeting = Array("220 go ahead\r\n".utf8)
    #expect(write(wire.serverEnd, greeting, greeting.count) == greeting.count)
    var buffer = [UInt8](repeating: 0, count: 100)
    #expect(read(wire.clientEnd, &buffer, 100) == greeting.count)
    let (server, client) = try makeSides(on: wire, credentials: try Credentials())
    #expect(shakeHands(server, client) == (.done, .done))
    #expect(client.write("EHLO again\r\n") == .count(12))
    #expect(server.read() == "EHLO again\r\n")
  }

  @Test("A record is read in pieces, and what is left of it is known")
  func partialRead() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(on: wire, credentials: try Credentials())
    #expect(shakeHands(server, client) == (.done, .done))
    #expect(client.write(String(repeating: "x", count: 1000)) == .count(1000))
    var piece = [UInt8](repeating: 0, count: 10)
    #expect(piece.withUnsafeMutableBytes { server.session.read(into: $0) } == .count(10))
    #expect(server.session.pendingBytes == 990)
    #expect(server.readAll(atOnce: 7).bytes == [UInt8](repeating: 0x78, count: 990))
    #expect(server.session.pendingBytes == 0)
  }

  @Test("A write that the socket cannot take is repeated from another place in memory")
  func partialWrite() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(on: wire, credentials: try Credentials())
    #expect(shakeHands(server, client) == (.done, .done))
    let message = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 12) }
    var sent = 0
    var waits = 0
    var received: [UInt8] = []
    while sent < message.count {
      // A fresh array each time, so the bytes are never where they were.
      let rest = Array(message[sent...])
      switch rest.withUnsafeBytes({ server.session.write($0) }) {
      case .count(let count): sent += count
      case .wantWrite:
        waits += 1
        received += client.readAll().bytes
      case let step:
        Issue.record("the write ended with \(step)")
        return
      }
    }
    received += client.readAll().bytes
    #expect(waits > 0)
    #expect(received == message)
  }

  @Test("A farewell is told from a connection that breaks off")
  func endings() throws {
    let credentials = try Credentials()
    for (isPolite, expected) in [(true, TLSStep.closed), (false, .failed(.truncated))] {
      let wire = try Wire()
      let (server, client) = try makeSides(on: wire, credentials: credentials)
      #expect(shakeHands(server, client) == (.done, .done))
      // The kernel tells a reset from an end where the peer had not read everything.
      #expect(client.readAll().end == .wantRead)
      #expect(client.write("QUIT\r\n") == .count(6))
      if isPolite { #expect(client.session.shutdown() == .done) }
      wire.cutClient()
      let (bytes, end) = server.readAll()
      #expect(bytes == Array("QUIT\r\n".utf8))
      #expect(end == expected)
    }
  }

  @Test("A connection that breaks off during the handshake is truncated too")
  func truncation() throws {
    let wire = try Wire()
    let (server, _) = try makeSides(on: wire, credentials: try Credentials())
    #expect(server.session.handshake() == .wantRead)
    wire.cutClient()
    #expect(server.session.handshake() == .failed(.truncated))
  }

  @Test("A connection that is reset below TLS keeps the system's reason")
  func reset() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(on: wire, credentials: try Credentials())
    #expect(shakeHands(server, client) == (.done, .done))
    // The ticket is still unread at the client's end.
    wire.cutClient()
    let reason = SystemError(code: ECONNRESET, call: "read")
    #expect(server.readAll().end == .failed(.system(reason)))
  }

  @Test("A session that has failed does nothing more, and has nobody to take leave of")
  func afterFailure() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(on: wire, credentials: try Credentials())
    #expect(server.session.shutdown() == .done)
    #expect(shakeHands(server, client) == (.done, .done))
    #expect(client.readAll().end == .wantRead)
    wire.cutClient()
    #expect(server.readAll().end == .failed(.truncated))
    #expect(server.write("x") == .failed(.broken(reason: "the session has failed before")))
    #expect(server.session.shutdown() == .done)
  }

  @Test("A failure of one session leaves another of the same thread alone")
  func errorQueue() throws {
    let credentials = try Credentials()
    let good = try Wire()
    let (server, client) = try makeSides(on: good, credentials: credentials)
    #expect(shakeHands(server, client) == (.done, .done))
    // A failed reading of a certificate leaves its error in the queue of this thread.
    var empty = PEM()
    _ = empty.nextCertificate()
    #expect(ERR_peek_error() != 0)
    #expect(server.readAll().end == .wantRead)
  }

  @Test(
    "What does not speak TLS is named for what it is",
    arguments: [
      ("EHLO plain\r\n", "the peer does not speak TLS here"),
      ("GET / HTTP/1.0\r\n\r\n", "the peer speaks HTTP, not TLS"),
    ])
  func plainText(text: String, reason: String) throws {
    let wire = try Wire()
    let (server, _) = try makeSides(on: wire, credentials: try Credentials())
    _ = write(wire.clientEnd, Array(text.utf8), text.utf8.count)
    #expect(server.session.handshake() == .failed(.broken(reason: reason)))
  }

  @Test("A record that was changed on its way ends the session")
  func forgery() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(on: wire, credentials: try Credentials())
    #expect(shakeHands(server, client) == (.done, .done))
    let record: [UInt8] = [23, 3, 3, 0, 32] + [UInt8](repeating: 7, count: 32)
    _ = write(wire.clientEnd, record, record.count)
    #expect(
      server.readAll().end == .failed(.broken(reason: "a record was changed on its way")))
  }
}
