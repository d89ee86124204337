import Foundation
import TestSupport
import Testing

@testable import SMTP

@Suite("Authentication")
struct AuthenticationTests {
  /// A session that a client has greeted.
  private static func bed(_ listener: String = "submissions") -> TestBed {
    var bed = TestBed(listener: listener)
    _ = bed.exchange("EHLO client.example")
    return bed
  }

  private static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  private static func decoded(_ reply: [String]) -> String {
    guard let line = reply.first, line.hasPrefix("334 "),
      let octets = Data(base64Encoded: String(line.dropFirst(4)))
    else { return reply.joined(separator: "\n") }
    return String(decoding: octets, as: UTF8.self)
  }

  /// Speaks up to the reply to the client's last message.
  private static func prove(
    _ client: inout SCRAMClient, _ mechanism: String, to bed: inout TestBed
  ) throws -> [String] {
    let first = bed.exchange("AUTH \(mechanism) \(encoded(client.first))")
    let final = client.final(decoded(first))
    return bed.exchange(encoded(try #require(final)))
  }

  private static let bound = SCRAMClient(header: "p=tls-exporter,,", binding: TestBed.binding)

  @Test(
    "A client that has proved its password is in once it has seen the server's proof",
    arguments: ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"])
  func scram(mechanism: String) throws {
    var bed = Self.bed()
    var client = mechanism == "SCRAM-SHA-256" ? SCRAMClient(user: "Alice") : Self.bound
    let reply = try Self.prove(&client, mechanism, to: &bed)
    #expect(client.accepts(Self.decoded(reply)))
    #expect(bed.session.user == nil)
    #expect(bed.exchange("") == ["235 2.7.0 Authentication succeeded"])
    #expect(bed.session.user == "alice")
    #expect(bed.exchange("NOOP")[0].hasPrefix("250"))
  }

  @Test("A client that does not believe the server is not in")
  func disbelief() throws {
    for (answer, reply) in [("*", "501 5.7.0"), ("=", "501 5.5.2"), ("dj0=", "501 5.5.2")] {
      var bed = Self.bed()
      var client = SCRAMClient()
      _ = try Self.prove(&client, "SCRAM-SHA-256", to: &bed)
      #expect(bed.exchange(answer)[0].hasPrefix(reply))
      #expect(bed.session.user == nil)
      #expect(bed.exchange("NOOP")[0].hasPrefix("250"))
    }
  }

  @Test("A wrong proof ends the exchange, and the third one the session")
  func wrongProof() throws {
    var bed = Self.bed()
    for user in ["alice", "nobody", "alice"] {
      #expect(!bed.isClosed)
      var client = SCRAMClient(user: user, password: "wrong")
      let reply = try Self.prove(&client, "SCRAM-SHA-256", to: &bed)
      #expect(reply[0].hasPrefix(user == "nobody" || !bed.isClosed ? "535 5.7.8" : "421 4.7.0"))
    }
    #expect(bed.isClosed)
    #expect(bed.session.user == nil)
  }

  @Test("A proof for another connection is worth nothing")
  func anotherConnection() throws {
    var bed = Self.bed()
    var client = Self.bound
    client.binding[31] ^= 1
    let reply = try Self.prove(&client, "SCRAM-SHA-256-PLUS", to: &bed)
    #expect(reply == ["535 5.7.8 The proof is not for this connection"])
    #expect(bed.exchange("NOOP")[0].hasPrefix("250"))
  }

  @Test("A proof that cannot be checked, or a salt that cannot be had, is no wrong password")
  func unavailable() throws {
    for step in ["lookUp", "checkProof"] {
      var session = Self.bed().session
      var client = SCRAMClient()
      var action = session.receive(
        Array("AUTH SCRAM-SHA-256 \(Self.encoded(client.first))".utf8)[...])
      guard case .lookUp("alice", nil) = action else {
        Issue.record("\(action)")
        return
      }
      if step == "checkProof" {
        action = session.lookedUp(
          .init(salt: [1], iterations: 2, random: [UInt8](repeating: 7, count: 18), binding: nil))
        guard case .reply(let reply) = action else {
          Issue.record("\(action)")
          return
        }
        let final = client.final(Self.decoded(["334 " + reply.lines[0]]))
        action = session.receive(Array(Self.encoded(try #require(final)).utf8)[...])
        guard case .checkProof = action else {
          Issue.record("\(action)")
          return
        }
      }
      #expect(session.authenticationUnavailable() == .reply(.authenticationUnavailable))
      #expect(session.receive(Array("NOOP".utf8)[...]) == .reply(.ok))
    }
  }

  @Test("TLS forgets an exchange, and brings the mechanism that binds to it")
  func startTLS() {
    var bed = Self.bed("submission-plain")
    #expect(bed.exchange("AUTH SCRAM-SHA-256-PLUS")[0].hasPrefix("504"))
    bed.receive("STARTTLS")
    _ = bed.exchange("EHLO client.example")
    #expect(bed.exchange("AUTH SCRAM-SHA-256-PLUS")[0] == "334 ")
  }

  @Test("The prompts are those that devices know", arguments: ["AUTH PLAIN", "AUTH LOGIN"])
  func prompts(command: String) {
    var bed = Self.bed()
    let reply = bed.exchange(command)
    #expect(reply == [command == "AUTH PLAIN" ? "334 " : "334 VXNlcm5hbWU6"])
    if command == "AUTH LOGIN" { #expect(bed.exchange("YWxpY2U=") == ["334 UGFzc3dvcmQ6"]) }
  }
}
