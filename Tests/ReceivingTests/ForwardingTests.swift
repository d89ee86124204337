import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Receiving
@testable import Spool

/// Mail of strangers that an alias sends elsewhere.
@Suite struct ForwardingTests {
  @Test("A client has its share of the copies in an hour, and all strangers have theirs")
  func rates() throws {
    let start = Instant(nanoseconds: 1_000_000_000_000)
    var allowance = ForwardingAllowance()
    let first = IPAddress(v4: 1)
    let mine = (0..<300).count { allowance.take(1, from: first, at: start + .seconds($0)) == nil }
    #expect(mine == 200)
    let others = (2..<2282).count { allowance.take(1, from: IPAddress(v4: $0), at: start) == nil }
    #expect(others == 800)
    let other = IPAddress(v4: 5000)
    #expect(allowance.take(1, from: other, at: start + .seconds(3599)) != nil)
    #expect(allowance.take(200, from: other, at: start + .seconds(3600)) == nil)
    #expect(allowance.take(1, from: other, at: start + .seconds(3601)) != nil)
    let v6 = try ["2001:db8::1", "2001:db8::2"].map { try #require(IPAddress($0)) }
    #expect(allowance.take(200, from: v6[0], at: start + .seconds(3601)) == nil)
    #expect(allowance.take(1, from: v6[1], at: start + .seconds(3601)) != nil)
  }

  /// A bed in which `fan` leads elsewhere.
  @Loop
  private static func bed() throws -> Bed {
    let bed = try Bed()
    try "fan: fan@far.example\n".write(
      toFile: "\(bed.scratch.path)/aliases", atomically: true, encoding: .utf8)
    return bed
  }

  @Test("A stranger that floods an alias is put off, and mail that is delivered here is not")
  func flood() async throws {
    try await onLoop {
      let bed = try Self.bed()
      _ = bed.receiver.forwarding.take(199, from: Bed.stranger, at: .now)
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.deliver(from: "eve@evil.example", to: "fan@home.example")
        try await client.ask("MAIL FROM:<eve@evil.example>")
        try await client.ask(
          "RCPT TO:<fan@home.example>",
          "450 4.7.1 Too much mail for addresses that are forwarded, try again later")
        try await client.ask("RCPT TO:<bob@home.example>")
      }
      try await bed.session { client in
        try await client.greet()
        try await client.deliver(to: "fan@home.example")
      }
      #expect(bed.names(in: "queue/new").count == 2)
      #expect(
        try bed.files(in: "queue/new").contains {
          $0.contains("\nGatepost-Origin: 203.0.113.5 local\n")
        })
    }
  }

  @Test("Strangers' mail takes a quarter of the queue, and the rest is for those who may relay")
  func share() async throws {
    try await onLoop {
      let bed = try Self.bed()
      bed.spool.capacity = 8
      for _ in 0..<2 {
        try await bed.session(from: Bed.stranger) { client in
          try await client.greet()
          try await client.deliver(from: "eve@evil.example", to: "fan@home.example")
        }
      }
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<eve@evil.example>")
        try await client.ask("RCPT TO:<fan@home.example>", "452 4.3.1 The queue is full")
      }
      try await bed.session { client in
        try await client.greet()
        for _ in 0..<6 { try await client.deliver(to: "ann@far.example") }
        try await client.ask("MAIL FROM:<me@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>", "452 4.3.1 The queue is full")
      }
    }
  }
}
