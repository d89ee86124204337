import Foundation
import TestSupport
import Testing

@testable import POP3

struct AuthenticationTests {
  private static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  private static func decoded(_ line: String?) -> String {
    guard let line, line.hasPrefix("+ "),
      let octets = Data(base64Encoded: String(line.dropFirst(2)))
    else { return line ?? "" }
    return String(decoding: octets, as: UTF8.self)
  }

  private static func say(_ line: String, to bed: inout TestBed) -> String? {
    bed.receive(Array(line.utf8))
    return bed.takeLine()
  }

  /// A session after its greeting, and the reply to the client's last message.
  private static func proved(
    _ client: inout SCRAMClient, _ mechanism: String
  ) throws -> (bed: TestBed, reply: String?) {
    var bed = try TestBed(listener: "pop3s")
    _ = bed.takeLine()
    let first = say("AUTH \(mechanism) \(encoded(client.first))", to: &bed)
    let final = client.final(decoded(first))
    let reply = say(encoded(try #require(final)), to: &bed)
    return (bed, reply)
  }

  private static let bound = SCRAMClient(header: "p=tls-exporter,,", binding: TestBed.binding)

  @Test(arguments: ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"])
  func `The maildrop opens once the client has seen the server's proof`(mechanism: String) throws {
    var client = mechanism == "SCRAM-SHA-256" ? SCRAMClient(user: "Alice") : Self.bound
    var (bed, reply) = try Self.proved(&client, mechanism)
    #expect(client.accepts(Self.decoded(reply)))
    #expect(Self.say("", to: &bed)?.hasPrefix("+OK 3 messages") == true)
    #expect(Self.say("STAT", to: &bed) == "+OK 3 305")
  }

  @Test(arguments: [
    ("*", "-ERR Authentication cancelled"), ("dj0=", "-ERR Not a message of SCRAM-SHA-256"),
  ])
  func `A client that does not believe the server is not in`(answer: String, refusal: String) throws
  {
    var client = SCRAMClient()
    var (bed, _) = try Self.proved(&client, "SCRAM-SHA-256")
    #expect(Self.say(answer, to: &bed) == refusal)
    #expect(Self.say("STAT", to: &bed) == "-ERR Log in first")
  }

  @Test(arguments: ["alice", "nobody"])
  func `A wrong proof is a wrong password, whoever it is of`(user: String) throws {
    var client = SCRAMClient(user: user, password: "wrong")
    var (bed, reply) = try Self.proved(&client, "SCRAM-SHA-256")
    #expect(reply == "-ERR [AUTH] Wrong user name or password")
    #expect(Self.say("STAT", to: &bed) == "-ERR Log in first")
    #expect(Self.say("USER alice", to: &bed)?.hasPrefix("+OK") == true)
  }

  @Test func `A proof for another connection is worth nothing`() throws {
    var client = Self.bound
    client.binding[0] ^= 1
    let (_, reply) = try Self.proved(&client, "SCRAM-SHA-256-PLUS")
    #expect(reply == "-ERR The proof is not for this connection")
  }
}
