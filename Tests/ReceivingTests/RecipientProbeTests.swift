import DNS
import EventLoop
import Foundation
import Mail
import Network
import Platform
import SMTP
import TestSupport
import Testing

@testable import Receiving

@Suite("Asking the server of a domain about a recipient") struct RecipientProbeTests {
  /// A server that says its lines, one after each command, and notes what it hears.
  @Loop
  private final class Script {
    private let listener: Listener
    private let replies: [String]
    private(set) var commands: [String] = []

    /// - Parameter replies: the greeting first; several in one go are parted by `|`.
    init(_ replies: [String]) throws {
      self.replies = replies
      listener = try Listener(on: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0))
    }

    var port: UInt16 { listener.address.port }

    func run() async {
      do {
        let connection = try await listener.accept()
        let end = Instant.now + .seconds(60)
        for reply in replies {
          let text = reply.split(separator: "|").map { $0 + "\r\n" }.joined()
          try await connection.write(Array(text.utf8), until: end)
          guard let line = try await connection.readLine(limit: 1000, until: end) else { break }
          commands.append(String(decoding: line, as: UTF8.self))
        }
        await connection.close(until: end)
      } catch {
        // The client has gone.
      }
    }
  }

  @Loop
  private static func ask(
    _ script: Script, at host: String = "127.0.0.1", _ localNames: LocalNames = LocalNames()
  ) async throws -> RecipientProbe.Finding {
    let probe = RecipientProbe(
      of: .tcp(host: host, port: script.port), by: try #require(Domain("gw.home.example")),
      resolver: Resolver(NameServers([]), localNames: localNames))
    let recipient = try #require(Mailbox("ann@home.example"))
    return await withTaskGroup(of: RecipientProbe.Finding?.self) { group in
      group.addTask {
        await script.run()
        return nil
      }
      let finding = await probe.ask(about: recipient)
      await group.waitForAll()
      return finding
    }
  }

  @Test("A server that only the hosts file knows is asked")
  func hostsFile() async throws {
    try await onLoop {
      let scratch = try ScratchDirectory()
      try "127.0.0.1 store\n".write(
        toFile: "\(scratch.path)/hosts", atomically: true, encoding: .utf8)
      let script = try Script(["220 a LMTP", "250 a", "250 ok", "250 2.1.5 ok"])
      let names = LocalNames(hosts: "\(scratch.path)/hosts", configuration: "/dev/null")
      let finding = try await Self.ask(script, at: "store", names)
      #expect(finding == .accepted)
    }
  }

  @Test(
    "A recipient that the server takes is accepted, without content",
    arguments: ["127.0.0.1", "localhost"])
  func accepted(host: String) async throws {
    try await onLoop {
      let script = try Script(["220 a LMTP", "250 a", "250 ok", "250 2.1.5 ok"])
      #expect(try await Self.ask(script, at: host) == .accepted)
      #expect(
        script.commands == [
          "LHLO gw.home.example", "MAIL FROM:<>", "RCPT TO:<ann@home.example>", "QUIT",
        ])
    }
  }

  @Test("A recipient that it refuses for good is rejected in its words")
  func rejected() async throws {
    try await onLoop {
      let script = try Script(["220 a", "250 a", "250 ok", "550 5.1.1 no such user"])
      guard case .rejected(let diagnosis) = try await Self.ask(script) else {
        Issue.record("not rejected")
        return
      }
      #expect(diagnosis.status == EnhancedStatus(5, 1, 1))
      #expect(diagnosis.text == "550 5.1.1 no such user")
    }
  }

  @Test(
    "Whatever else goes wrong is no reason to refuse anybody",
    arguments: [
      ["220 a", "250 a", "250 ok", "450 4.2.0 later"], ["220 a", "250 a", "550 5.7.1 no sender"],
      ["220 a", "500 what"], ["554 no"], ["421 busy"], ["gibberish"], ["220 a"],
      ["220 a", "250 a", "250 ok"], ["220 a", "250 a", "250 ok", "421 stopping"],
    ])
  func unknown(replies: [String]) async throws {
    try await onLoop {
      let script = try Script(replies)
      guard case .unknown(let reason) = try await Self.ask(script) else {
        Issue.record("not unknown")
        return
      }
      #expect(!reason.isEmpty)
    }
  }

  @Test("A server that is not there leaves it unknown")
  func absent() async throws {
    try await onLoop {
      let hostname = try #require(Domain("gw.home.example"))
      let recipient = try #require(Mailbox("ann@home.example"))
      for server in [LMTPServer.unix(path: "/nonexistent"), .tcp(host: "127.0.0.1", port: 1)] {
        let probe = RecipientProbe(of: server, by: hostname, resolver: Resolver(NameServers([])))
        guard case .unknown(let reason) = await probe.ask(about: recipient) else {
          Issue.record("not unknown")
          return
        }
        #expect(reason.hasPrefix("\(server): "))
      }
    }
  }

  @Test("It asks through a Unix socket too")
  func unixSocket() async throws {
    try await onLoop {
      let listener = try UnixListener()
      let probe = RecipientProbe(
        of: .unix(path: listener.path), by: try #require(Domain("gw.home.example")),
        resolver: Resolver(NameServers([])))
      let recipient = try #require(Mailbox("ann@home.example"))
      let finding = await withTaskGroup(of: RecipientProbe.Finding?.self) { group in
        group.addTask {
          await Self.answer(listener)
          return nil
        }
        return await probe.ask(about: recipient)
      }
      #expect(finding == .accepted)
    }
  }

  /// Takes a client and says yes to everything.
  @Loop
  private static func answer(_ listener: UnixListener) async {
    let end = Instant.now + .seconds(60)
    while Instant.now < end {
      if let client = client(of: listener) {
        let replies = "220 a\r\n250 a\r\n250 ok\r\n250 ok\r\n"
        try? await client.write(Array(replies.utf8), until: end)
        return await client.close(until: end)
      }
      await Task.yield()
    }
  }

  @Loop
  private static func client(of listener: UnixListener) -> Connection? {
    try? Connection(listener.accept(), peer: SocketAddress(IPAddress(v4: 0), port: 0))
  }
}
