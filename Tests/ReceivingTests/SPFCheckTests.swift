import DNS
import EventLoop
import Mail
import Platform
import SPF
import TestSupport
import Testing

@testable import Receiving

/// What a real server says to the zones in `zones`.
@Suite("SPF over the DNS", .nsd()) struct SPFCheckTests {
  private let server: SocketAddress

  init() throws { server = try #require(NSDTrait.server?.address) }

  @Loop
  private func check(
    _ client: String, _ sender: String, greeting: String = "mail.client.example"
  ) async throws -> String {
    let check = SPFCheck(resolver: Resolver(NameServers([server])))
    return await check.check(
      client: try #require(IPAddress(client)), clientName: greeting,
      sender: try #require(ReversePath(sender)), until: .now + Limits.senderPolicy
    ).text
  }

  @Test(
    "The answers of a real server come to the right result",
    arguments: [
      ("192.0.2.1", "<joe@far.example>", "spf=pass smtp.mailfrom=far.example"),
      ("192.0.2.2", "<joe@far.example>", "spf=pass smtp.mailfrom=far.example"),
      ("2001:db8::2", "<joe@far.example>", "spf=pass smtp.mailfrom=far.example"),
      ("198.51.100.7", "<joe@far.example>", "spf=pass smtp.mailfrom=far.example"),
      ("2001:db8:1::7", "<joe@far.example>", "spf=pass smtp.mailfrom=far.example"),
      ("203.0.113.5", "<joe@far.example>", "spf=softfail smtp.mailfrom=far.example"),
      ("203.0.113.5", "<joe@mx.far.example>", "spf=none smtp.mailfrom=mx.far.example"),
      ("203.0.113.5", "<joe@gone.far.example>", "spf=none smtp.mailfrom=gone.far.example"),
      ("203.0.113.5", "<joe@two.far.example>", "spf=permerror smtp.mailfrom=two.far.example"),
      ("203.0.113.5", "<joe@broken.far.example>", "spf=temperror smtp.mailfrom=broken.far.example"),
      ("192.0.2.9", "<joe@listed.far.example>", "spf=pass smtp.mailfrom=listed.far.example"),
      ("192.0.2.8", "<joe@listed.far.example>", "spf=fail smtp.mailfrom=listed.far.example"),
      ("192.0.2.2", "<joe@named.far.example>", "spf=pass smtp.mailfrom=named.far.example"),
      ("192.0.2.66", "<joe@named.far.example>", "spf=fail smtp.mailfrom=named.far.example"),
      ("192.0.2.200", "<joe@named.far.example>", "spf=pass smtp.mailfrom=named.far.example"),
      ("203.0.113.5", "<joe+list@odd.far.example>", "spf=pass smtp.mailfrom=odd.far.example"),
      ("203.0.113.5", "<joe+tag@odd.far.example>", "spf=fail smtp.mailfrom=odd.far.example"),
    ])
  func results(client: String, sender: String, expected: String) async throws {
    #expect(try await onLoop { try await check(client, sender) } == expected)
  }

  @Test("A message without a sender is judged by the greeting")
  func greeting() async throws {
    let result = try await onLoop {
      try await check("203.0.113.5", "<>", greeting: "Far.Example")
    }
    #expect(result == "spf=softfail smtp.helo=far.example")
  }

  @Test("A server that fails, or is silent until the time is over, is a temporary error")
  func failures() async throws {
    try await onLoop {
      let failing = try NameServer { [reply(to: $0, code: 2)] }
      let silent = try NameServer { _ in [] }
      let late = try NameServer { [reply(to: $0, code: 2)] }
      try await serving([failing, silent, late]) {
        for (server, deadline) in [
          (failing, Instant.now + .seconds(60)), (silent, .now + .milliseconds(5)), (late, .now),
        ] {
          let check = SPFCheck(resolver: Resolver(NameServers([server.address])))
          let result = await check.check(
            client: IPAddress(v4: 0xCB00_7105), clientName: "x.example",
            sender: try #require(ReversePath("<joe@far.example>")), until: deadline)
          #expect(result.verdict == .temperror)
        }
        #expect(failing.datagrams > 0)
        #expect(late.datagrams == 0, "when the time is over nothing is asked")
      }
    }
  }

  @Test("A check that is cancelled ends at once")
  func cancellation() async throws {
    try await onLoop {
      let silent = try NameServer { _ in [] }
      try await serving([silent]) {
        let check = SPFCheck(resolver: Resolver(NameServers([silent.address])))
        let verdict = await withTaskGroup(of: SPFResult.Verdict.self) { group in
          group.addTask {
            await check.check(
              client: IPAddress(v4: 0xCB00_7105), clientName: "far.example", sender: .null,
              until: .distantFuture
            ).verdict
          }
          group.cancelAll()
          return await group.next()
        }
        #expect(verdict == .temperror)
      }
    }
  }

  @Test(
    "Mail from outside says what was found, or that there was no time to look",
    arguments: [
      (Bed.stranger, 0, "\n\tspf=none smtp.mailfrom=mx.far.example\n"),
      (Bed.stranger, Limits.senderChecks, "\n\tspf=temperror\n"), (Bed.trusted, 0, nil),
    ])
  func session(client: IPAddress, others: Int, expected: String?) async throws {
    try await onLoop {
      let bed = try Bed(nameServers: NameServers([server]))
      bed.receiver.settings.checksSPF = true
      bed.receiver.senderChecks = others
      try await bed.session(from: client) { client in
        try await client.greet()
        try await client.deliver(from: "joe@mx.far.example", to: "bob@home.example")
      }
      let message = try #require(try bed.files(in: "mail/bob/new").first)
      #expect(message.contains("Authentication-Results: gw.home.example;") == (expected != nil))
      if let expected { #expect(message.contains(expected)) }
      #expect(bed.receiver.senderChecks == others)
    }
  }
}
