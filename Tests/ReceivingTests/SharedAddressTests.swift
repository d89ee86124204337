import EventLoop
import Foundation
import Mail
import Platform
import SMTP
import TestSupport
import Testing

@testable import Grants
@testable import Receiving

/// Several users whose clients have one address, as behind a NAT gateway or at one PC.
@Suite struct SharedAddressTests {
  /// Has users log in where a stranger is, one after the other, and talks as that stranger.
  private func household(
    _ users: [String], setUp: @escaping @Loop @Sendable (Bed) throws -> Void = { _ in },
    _ body: @escaping @Loop @Sendable (Bed, Client) async throws -> Void
  ) async throws {
    for order in [users, users.reversed()] {
      try await onLoop {
        let bed = try Bed()
        try setUp(bed)
        for (place, user) in order.enumerated() {
          // The last one has the longest time left.
          bed.clock.ahead = .seconds(place)
          bed.grant(Bed.stranger, user)
        }
        try await bed.session(from: Bed.stranger) { client in
          try await client.greet()
          try await body(bed, client)
        }
      }
    }
  }

  @Test func `A user may send whose neighbour may not, whoever logged in last`() async throws {
    // `inner` may not relay, `alice` may send as herself alone.
    try await household(["bob", "alice", "inner"]) { bed, client in
      for sender in ["bob@home.example", "alice@home.example", "anybody@home.example"] {
        try await client.deliver(from: sender, to: "ann@far.example")
      }
    }
    try await household(["alice", "inner"]) { bed, client in
      try await client.deliver(from: "alice@home.example", to: "ann@far.example")
      // No grant covers these, or none that relays.
      try await client.ask("MAIL FROM:<bob@home.example>")
      try await client.ask("RCPT TO:<ann@far.example>", "550 5.7.1")
      try await client.ask("RCPT TO:<bob@home.example>")
    }
  }

  @Test func `A message is accounted to the user whose own address its sender is`() async throws {
    try await household(["bob", "alice"]) { bed, client in
      for user in ["alice", "bob"] {
        try await client.deliver(from: "\(user)@home.example", to: "ann@far.example")
      }
      let messages = try bed.files(in: "queue/new")
      for user in ["alice", "bob"] {
        #expect(
          messages.contains {
            $0.contains("(\(user), POP-before-SMTP)")
              && $0.contains("Gatepost-From: <\(user)@home.example>")
          }, "\(messages)")
      }
    }
  }

  @Test func `The limits of one user take nothing from another`() async throws {
    // `alice` may send as `shop@alice.example`, as may `bob`, who may send as anybody.
    let limited: @Loop @Sendable (Bed) throws -> Void = { bed in
      try bed.changeUsers {
        $0.map {
          $0.hasPrefix("alice:")
            ? $0 + " message-size=1K recipients=1 messages-per-hour=1" : $0
        }
      }
    }
    let long = "Subject: long\r\n\r\n" + String(repeating: "0123456789\r\n", count: 500)
    try await household(["alice", "bob"], setUp: limited) { bed, client in
      // More than she may in an hour, and than her messages may have.
      for _ in 0..<3 {
        try await client.deliver(
          from: "shop@alice.example", to: "ann@far.example", "joe@far.example", content: long)
      }
      try await client.ask("MAIL FROM:<shop@alice.example> SIZE=50000")
      try await client.ask("RCPT TO:<ann@far.example>")
    }
    // Alone she has her limits.
    try await household(["alice"], setUp: limited) { bed, client in
      try await client.ask("MAIL FROM:<shop@alice.example> SIZE=50000", "552 5.3.4")
      try await client.deliver(
        from: "shop@alice.example", to: "ann@far.example", content: long, "552 5.3.4")
    }
  }

  @Test func `A grant that is used up takes nothing from another, message by message`() async throws
  {
    try await household(
      ["alice", "bob"],
      setUp: {
        $0.grants.rules.messages = 2
        $0.grants.rules.recipients = 4
      }
    ) { bed, client in
      for _ in 0..<4 {
        try await client.deliver(
          from: "shop@alice.example", to: "ann@far.example", "joe@far.example")
      }
      try await client.ask("MAIL FROM:<shop@alice.example>")
      try await client.ask("RCPT TO:<ann@far.example>", "450 4.7.1 You may send 2 messages")
    }
    // A message that is begun goes on with the other's, which counts it as one message.
    try await household(
      ["alice", "bob"],
      setUp: {
        $0.grants.rules.messages = 1
        $0.grants.rules.recipients = 2
      }
    ) { bed, client in
      try await client.ask("MAIL FROM:<shop@alice.example>")
      for name in ["a", "b", "c", "d"] { try await client.ask("RCPT TO:<\(name)@far.example>") }
      try await client.ask("RCPT TO:<e@far.example>", "450 4.7.1 You may send 2 recipients")
    }
  }

  @Test func `Who was first to go is told to check the mail, not that the other may not`()
    async throws
  {
    try await household(["alice", "inner"]) { bed, client in
      bed.clock.ahead = .seconds(61)
      // Only the other one has read mail since.
      bed.grant(Bed.stranger, "inner")
      try await client.ask("MAIL FROM:<alice@home.example>")
      try await client.ask("RCPT TO:<ann@far.example>", "450 4.7.1 Check your mail first")
      bed.grant(Bed.stranger, "alice")
      try await client.ask("RCPT TO:<ann@far.example>")
    }
    // The other may relay, and not as this sender.
    try await household(["alice", "bob"]) { bed, client in
      bed.clock.ahead = .seconds(61)
      bed.grant(Bed.stranger, "alice")
      try await client.ask("MAIL FROM:<bob@home.example>")
      try await client.ask("RCPT TO:<ann@far.example>", "450 4.7.1 Check your mail first")
      try await client.ask("RSET")
      // A user who could never have sent this is no reason to wait.
      bed.grants.revoke(user: "bob")
      try await client.ask("MAIL FROM:<bob@home.example>")
      try await client.ask("RCPT TO:<ann@far.example>", "553 5.7.1")
    }
  }

  @Test func `The grant that goes in the middle of a message leaves it to the other`() async throws
  {
    try await household(["alice", "bob"]) { bed, client in
      try await client.ask("MAIL FROM:<shop@alice.example>")
      try await client.ask("RCPT TO:<ann@far.example>")
      bed.grants.revoke(user: "alice")
      try await client.ask("RCPT TO:<joe@far.example>")
      bed.grants.revoke(user: "bob")
      try await client.ask("RCPT TO:<sam@far.example>", "550 5.7.1")
    }
  }
}
