import EventLoop
import Foundation
import SMTP
import TestSupport
import Testing

@testable import Receiving
@testable import Spool

/// What a client may do is looked at when it does it, not when it came.
@Suite struct StandingTests {
  @Loop
  private final class Trust {
    var isThere = true
    nonisolated init() {}
  }

  @Test func `A network that is trusted no more relays nothing, in an open session either`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      let trust = Trust()
      bed.receiver.settings.isTrusted = { _ in trust.isThere }
      try await bed.session { client in
        try await client.greet()
        try await client.deliver(to: "x@far.example")
        trust.isThere = false
        try await client.ask("MAIL FROM:<me@home.example>")
        try await client.ask("RCPT TO:<x@far.example>", "550 5.7.1")
        try await client.ask("RCPT TO:<bob@home.example>")
      }
    }
  }

  @Test(arguments: ["bob@home.example", ""])
  func `A user who has been removed sends nothing more`(sender: String) async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(.submissions, from: Bed.stranger) { client in
        try await client.greet()
        try await client.logIn("bob")
        try await client.deliver(from: sender, to: "x@far.example")
        try bed.changeUsers { $0.filter { !$0.hasPrefix("bob:") } }
        try await client.ask("MAIL FROM:<\(sender)>")
        try await client.ask("RCPT TO:<x@far.example>", "553 5.7.1")
      }
    }
  }

  @Test func `A user may have more than all others`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.receiver.settings.limits.recipients = 1
      try bed.changeUsers {
        $0.map { $0.hasPrefix("bob:") ? $0 + "message-size=1M recipients=2" : $0 }
      }
      for (user, isMore) in [("bob", true), ("alice", false)] {
        try await bed.session(.submissions, from: Bed.stranger) { client in
          try await client.greet()
          try await client.logIn(user)
          let sender = "<\(user)@home.example>"
          try await client.ask("MAIL FROM:\(sender) SIZE=200000", isMore ? "250" : "552 5.3.4")
          if !isMore { try await client.ask("MAIL FROM:\(sender)") }
          try await client.ask("RCPT TO:<x@far.example>")
          try await client.ask("RCPT TO:<y@far.example>", isMore ? "250" : "452 4.5.3")
          try await client.ask("RCPT TO:<z@far.example>", "452 4.5.3")
        }
      }
    }
  }

  @Test func `No size that a client may name is too large to count with`() async throws {
    try await onLoop {
      let bed = try Bed()
      try bed.changeUsers {
        $0.map { $0.hasPrefix("bob:") ? $0 + "message-size=1048576G quota=1K" : $0 }
      }
      bed.receiver.settings.limits.messageBytes = .max
      bed.receiver.settings.freeSpaceBytes = 1 << 20
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example> SIZE=\(Int.max)", "452 4.3.1")
        try await client.ask("MAIL FROM:<me@home.example> SIZE=99999999999999999999", "452 4.3.1")
      }
    }
  }

  @Test(arguments: [false, true])
  func `A header is completed only for a device whose profile says so`(isOn: Bool) async throws {
    try await onLoop {
      let bed = try Bed()
      if isOn { bed.useProfile { $0.completesHeader = true } }
      try await bed.session { client in
        try await client.greet()
        try await client.deliver(from: "ups@home.example", to: "x@far.example")
      }
      let message = try #require(bed.files(in: "queue/new").first)
      for field in ["From: ups@home.example", "To: undisclosed-recipients:;", "MIME-Version: 1.0"] {
        #expect(message.contains("\n\(field)\n") == isOn)
      }
    }
  }

  @Test(arguments: [false, true])
  func `Header bytes beyond ASCII pass only for a device whose profile says so`(
    isOn: Bool
  ) async throws {
    try await onLoop {
      let bed = try Bed()
      if isOn { bed.useProfile { $0.allowsEightBitHeader = true } }
      try await bed.session { client in
        try await client.greet()
        try await client.deliver(
          to: "x@far.example", content: "Subject: St\u{F6}rung\r\n\r\n",
          isOn ? "250" : "550 5.6.0")
      }
      #expect(try bed.files(in: "queue/new").count == (isOn ? 1 : 0))
    }
  }
}
