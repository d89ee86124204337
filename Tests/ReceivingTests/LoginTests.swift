import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Network
@testable import Receiving

struct LoginTests {
  private static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  /// Reads a challenge.
  @Loop private static func challenge(_ client: Client) async throws -> String {
    let reply = try await client.reply()
    guard reply.hasPrefix("334 "), let octets = Data(base64Encoded: String(reply.dropFirst(4)))
    else { return reply }
    return String(decoding: octets, as: UTF8.self)
  }

  @Test(arguments: ["tls-exporter", "tls-server-end-point"])
  func `A password is proved to this very connection`(kind: String) async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(.submissions, from: Bed.stranger) { client in
        try await client.greet()
        let binding = client.connection.channelBinding(named: kind)
        var scram = SCRAMClient(
          user: "Alice@home.example", header: "p=\(kind),,", binding: try #require(binding))
        try await client.send("AUTH SCRAM-SHA-256-PLUS \(Self.encoded(scram.first))")
        let final = scram.final(try await Self.challenge(client))
        try await client.send(Self.encoded(try #require(final)))
        #expect(scram.accepts(try await Self.challenge(client)))
        try await client.ask("", "235")
        try await client.deliver(from: "alice@home.example", to: "x@far.example")
      }
      let message = try #require(bed.files(in: "queue/new").first)
      #expect(message.contains("with ESMTPSA id"))
    }
  }

  @Test func `The data of another connection, or of another kind, binds to nothing here`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(.submissions, from: Bed.stranger) { other in
        try await other.greet()
        let stolen = try #require(other.connection.channelBinding(named: "tls-exporter"))
        try await bed.session(.submissions, from: Bed.stranger) { client in
          try await client.greet()
          var scram = SCRAMClient(header: "p=tls-exporter,,", binding: stolen)
          try await client.send("AUTH SCRAM-SHA-256-PLUS \(Self.encoded(scram.first))")
          let final = scram.final(try await Self.challenge(client))
          try await client.ask(Self.encoded(try #require(final)), "535 5.7.8")
          // TLS 1.3 has no such data.
          scram.header = "p=tls-unique,,"
          try await client.ask("AUTH SCRAM-SHA-256-PLUS \(Self.encoded(scram.first))", "535 5.7.8")
        }
      }
    }
  }

  @Test func `Who has another password by the time of the confirmation is nobody`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(.submissions, from: Bed.stranger) { client in
        try await client.greet()
        var scram = SCRAMClient(user: "alice")
        try await client.send("AUTH SCRAM-SHA-256 \(Self.encoded(scram.first))")
        let final = scram.final(try await Self.challenge(client))
        try await client.send(Self.encoded(try #require(final)))
        #expect(scram.accepts(try await Self.challenge(client)))
        try "alice:{PLAIN}secret:\n".write(
          toFile: "\(bed.scratch.path)/users", atomically: true, encoding: .utf8)
        try await client.ask("", "535 5.7.8")
        try await client.ask("MAIL FROM:<alice@home.example>", "530")
      }
    }
  }
}
