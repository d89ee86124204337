import DNS
import EventLoop
import Foundation
import Mail
import Platform
import SMTP
import TestSupport
import Testing

@testable import Grants
@testable import Network
@testable import Receiving

/// What a grant lets an SMTP client do, and what it does not.
@Suite struct GrantTests {
  @Test func `Who sends before fetching is told to check the mail first, and may send then`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.grant(Bed.stranger, "bob")
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<bob@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>")
        // The window ends in the middle of a transaction.
        bed.clock.ahead = .seconds(60)
        try await client.ask("RCPT TO:<joe@far.example>", "450 4.7.1 Check your mail first")
        try await client.ask("RCPT TO:<bob@home.example>")
        bed.grant(Bed.stranger, "bob")
        try await client.ask("RCPT TO:<joe@far.example>")
      }
      // Another address of the Internet has never been anybody's.
      let other = IPAddress(v4: 0xCB00_7106)
      try await bed.session(from: other) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<bob@home.example>")
        try await client.ask("RCPT TO:<joe@far.example>", "550 5.7.1")
      }
    }
  }

  @Test func `Where one has to log in a grant does as well, and is looked at with each message`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(.submission, from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<bob@home.example>", "530 5.7.0")
      }
      bed.grant(Bed.stranger, "bob")
      try await bed.session(.submission, from: Bed.stranger) { client in
        try await client.greet()
        try await client.deliver(from: "bob@home.example", to: "ann@far.example")
        bed.clock.ahead = .seconds(60)
        try await client.ask("MAIL FROM:<bob@home.example>", "450 4.7.1 Check your mail first")
        bed.grant(Bed.stranger, "bob")
        try await client.ask("MAIL FROM:<bob@home.example>")
        try await client.ask("RSET")
        bed.grants.revoke(user: "bob")
        try await client.ask("MAIL FROM:<bob@home.example>", "530 5.7.0")
      }
      // Who comes when the grant has ended may have it back in the session.
      bed.grant(Bed.stranger, "bob")
      bed.clock.ahead = .seconds(120)
      try await bed.session(.submission, from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<bob@home.example>", "450 4.7.1 Check your mail first")
        bed.grant(Bed.stranger, "bob")
        try await client.deliver(from: "bob@home.example", to: "ann@far.example")
      }
    }
  }

  @Test func `A grant is for the senders of its user, and a report has none`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.grant(Bed.stranger, "alice")
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        for sender in ["", "bob@home.example", "alice@home.example.far.example"] {
          try await client.ask("MAIL FROM:<\(sender)>")
          try await client.ask("RCPT TO:<ann@far.example>", "553 5.7.1")
          try await client.ask("RCPT TO:<bob@home.example>")
          try await client.ask("RSET")
        }
        for sender in ["alice@home.example", "shop@alice.example"] {
          try await client.ask("MAIL FROM:<\(sender)>")
          try await client.ask("RCPT TO:<ann@far.example>")
          try await client.ask("RSET")
        }
      }
    }
  }

  @Test func `A grant is used up, and renewed by the next login`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.grants.rules.messages = 2
      bed.grants.rules.recipients = 3
      bed.grant(Bed.stranger, "bob")
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.deliver(
          from: "bob@home.example", to: "ann@far.example", "joe@far.example")
        try await client.deliver(from: "bob@home.example", to: "ann@far.example")
        try await client.ask("MAIL FROM:<bob@home.example>")
        try await client.ask(
          "RCPT TO:<ann@far.example>",
          "450 4.7.1 You may send 2 messages between two logins, check your mail and send again")
        bed.grant(Bed.stranger, "bob")
        try await client.ask("RCPT TO:<ann@far.example>")
      }
    }
  }

  @Test func `A user's rates hold for all the addresses with a grant together`() async throws {
    try await onLoop {
      let bed = try Bed()
      try bed.changeUsers {
        $0.map { $0.hasPrefix("bob:") ? $0 + "messages-per-hour=2" : $0 }
      }
      for host in 0..<3 {
        let address = IPAddress(v4: 0xCB00_7105 + UInt32(host))
        bed.grant(address, "bob")
        try await bed.session(from: address) { client in
          try await client.greet()
          try await client.ask("MAIL FROM:<bob@home.example>")
          try await client.ask("RCPT TO:<ann@far.example>", host < 2 ? "250" : "450 4.7.1")
        }
      }
    }
  }

  @Test func `A message says whose grant let it through`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.grant(Bed.stranger, "bob")
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.deliver(from: "bob@home.example", to: "ann@far.example")
      }
      let message = try #require(bed.files(in: "queue/new").first)
      #expect(message.contains("203.0.113.5"))
      #expect(message.contains("(bob, POP-before-SMTP)"))
    }
  }

  // History: grants that also switched off other checks.

  @Test func `A grant spares no client the blocklists`() async throws {
    try await onLoop {
      let server = try NameServer { [reply(to: $0, answer: [record(1, [127, 0, 0, 2])])] }
      try await serving([server]) {
        let bed = try Bed(nameServers: NameServers([server.address]))
        bed.receiver.settings.blocklists = [try #require(Domain("list.example"))]
        bed.grant(Bed.stranger, "bob")
        try await bed.session(from: Bed.stranger) { client in
          try await client.greet()
          try await client.ask("MAIL FROM:<bob@home.example>")
          try await client.ask("RCPT TO:<alice@home.example>", "550 5.7.1 Your address")
          try await client.ask("RCPT TO:<ann@far.example>")
        }
      }
    }
  }

  @Test func `A grant spares no client the watch before the greeting`() async throws {
    try await onLoop {
      for (address, prefix) in [(Bed.stranger, "554 5.5.0"), (Bed.trusted, "220")] {
        let bed = try Bed()
        bed.receiver.settings.refusesEarlyTalkers = true
        bed.grant(address, "bob")
        try await bed.session(from: address) { client in
          try await client.send("EHLO pc.example")
          try await client.expect(prefix)
        }
      }
    }
  }

  @Test func `A grant spares no message its size, nor a session its limits`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.grant(Bed.stranger, "bob")
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<bob@home.example> SIZE=100001", "552 5.3.4")
        for _ in 0..<Limits.idleCommands - 2 { try await client.ask("NOOP") }
        try await client.ask("NOOP", "421 4.7.0")
      }
    }
  }
}
