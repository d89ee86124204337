import EventLoop
import Platform
import TestSupport
import Testing

@testable import Relaying

@Suite("Where TLS fails") struct TLSFailureTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)
  private let hop = Hop(description: "a", domain: "a.example", version: 0)

  /// The ways in which TLS fails at a server that offers it.
  enum Failure: CaseIterable, Sendable {
    case handshake, lateAlert, put454, put421, cut

    /// Has the server fail so.
    @Loop
    func afflict(_ server: NextServer) throws {
      var greetings = 0
      switch self {
      case .handshake: server.capabilities.append("STARTTLS")
      case .lateAlert:
        server.context = try Identity("mx.far.example").server
        // What OpenSSL says of a client's certificate in TLS 1.3 comes after the handshake, too.
        server.answer = { command in
          if command == "STARTTLS" { greetings = 0 }
          guard command.hasPrefix("EHLO") else { return nil }
          greetings += 1
          return greetings == 1 && server.commands.dropLast().last == "STARTTLS"
            ? NextServer.cut : nil
        }
      case .put454, .put421, .cut:
        let reply = self == .cut ? NextServer.cut : self == .put454 ? "454 4.7.0 x" : "421 4.7.0 x"
        server.context = try Identity("mx.far.example").server
        server.answer = { $0 == "STARTTLS" ? reply : nil }
      }
    }
  }

  @Test("A message goes to another server that has TLS", arguments: Failure.allCases)
  func otherServer(failure: Failure) async throws {
    try await onLoop {
      let broken = try NextServer("127.0.0.2")
      try failure.afflict(broken)
      let other = try NextServer("127.0.0.3", port: broken.address.port)
      other.context = try Identity("mx.far.example").server
      let bed = try Bed(mxPort: broken.address.port)
      bed.relayer.settings.encryption = .opportunistic
      bed.zone.add("far.example", mx: "mx1.far.example", [127, 0, 0, 2])
      bed.zone.add("far.example", mx: "mx2.far.example", preference: 20, [127, 0, 0, 3])
      try await bed.put(to: "ann@far.example")
      try await bed.run(broken, other)
      #expect(broken.messages.isEmpty && broken.connections == 1)
      #expect(other.messages.map(\.isEncrypted) == [true])

      // The same where a route names both.
      bed.relayer.settings.otherwise.servers = ["127.0.0.2", "127.0.0.3"].map {
        .smtp(host: $0, port: broken.address.port, isImplicitTLS: false)
      }
      try await bed.put(to: "bob@far.example")
      try await bed.run(broken, other)
      #expect(broken.messages.isEmpty && broken.connections == 2)
      #expect(other.messages.map(\.isEncrypted) == [true, true])
    }
  }

  @Test(
    "Where no server has TLS that works, a message leaves in clear at a later attempt of its own",
    arguments: Failure.allCases)
  func inClear(failure: Failure) async throws {
    try await onLoop {
      let server = try NextServer()
      try failure.afflict(server)
      let bed = try Bed(smarthost: server, encryption: .opportunistic)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.connections == 1 && server.messages.isEmpty)
      // An admin's flush is no step of `retry`.
      @Loop func tryAgain() async throws {
        bed.relayer.forgetFailures { _ in true }
        #expect(await bed.spool.makeDue { _ in true } != 0)
        try await bed.run(server)
      }
      try await tryAgain()
      #expect(server.connections == 2 && server.messages.isEmpty)
      bed.relayer.skipped = .seconds(3600)
      try await tryAgain()
      #expect(server.connections == 4)
      #expect(server.messages.map(\.isEncrypted) == [false])

      // The next message is no less worth than this one.
      bed.relayer.forgetFailures { _ in true }
      try await bed.put(to: "bob@far.example")
      try await bed.run(server)
      #expect(server.connections == 5 && server.messages.count == 1)
      // A session in clear that another has left would not be taken for it either.
      try await tryAgain()
      #expect(server.connections == 7 && server.messages.count == 2)
    }
  }

  @Test("One session under TLS ends it")
  func works() async throws {
    try await onLoop {
      let server = try NextServer()
      try Failure.put454.afflict(server)
      let bed = try Bed(smarthost: server, encryption: .opportunistic)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      bed.relayer.forgetFailures { _ in true }
      server.answer = { _ in nil }
      try await bed.put(to: "bob@far.example")
      try await bed.run(server)
      #expect(server.messages.map(\.isEncrypted) == [true])
      try Failure.put454.afflict(server)
      bed.relayer.skipped = .seconds(3600)
      #expect(await bed.spool.makeDue { _ in true } == 1)
      try await bed.run(server)
      #expect(server.messages.count == 1)
    }
  }

  @Test("No password and no message that needs TLS leaves in clear, however often TLS fails")
  func never() async throws {
    try await onLoop {
      for (encryption, login) in [
        (RelayingSettings.Encryption.required, nil), (.opportunistic, ("me", "secret")),
      ] {
        let server = try NextServer()
        server.capabilities += ["STARTTLS", "AUTH PLAIN"]
        let bed = try Bed(smarthost: server, login: login, encryption: encryption)
        try await bed.put(to: "ann@far.example")
        try await bed.run(server)
        for _ in 0..<2 {
          bed.relayer.skipped += .seconds(3600)
          #expect(await bed.spool.makeDue { _ in true } == 1)
          try await bed.run(server)
        }
        #expect(server.connections == 3)
        #expect(!server.commands.contains { $0.hasPrefix("MAIL") || $0.hasPrefix("AUTH") })
      }
    }
  }

  @Test(
    "A first message of TLS that nothing answers is sent again in short, and so it stays for a while"
  )
  func shortHello() async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("mx.far.example").server
      let bed = try Bed(smarthost: server, encryption: .required)
      bed.relayer.longHelloBytes = 0
      bed.relayer.patience.connect = .seconds(1)
      var handshakes = 0
      server.answer = { command in
        guard command == "STARTTLS" else { return nil }
        handshakes += 1
        // The next session has all the time that it needs.
        bed.relayer.patience.connect = .seconds(30)
        return handshakes == 1 ? NextServer.raw + "220 go ahead|" + NextServer.silence : nil
      }
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.map(\.isEncrypted) == [true])
      #expect(server.connections == 2 && handshakes == 2)
      let address = HopAddress(host: "127.0.0.1", address: server.address)
      #expect(bed.relayer.servers.wantsShortHello(address))
      try await bed.put(to: "bob@far.example")
      try await bed.run(server)
      #expect(server.connections == 3 && server.messages.count == 2)
      // A short one that is not answered is not sent twice.
      handshakes = 0
      server.answer = { command in
        guard command == "STARTTLS" else { return nil }
        handshakes += 1
        return NextServer.raw + "220 go ahead|" + NextServer.silence
      }
      bed.relayer.servers.forgetTicket(of: address)
      bed.relayer.patience.connect = .seconds(1)
      try await bed.put(to: "eve@far.example")
      try await bed.run(server)
      #expect(handshakes == 1)
    }
  }

  @Test("A failure counts for a day, from the first one on, and so many are remembered")
  func memory() {
    var failures = TLSFailures()
    func has(_ seconds: Int, for time: Int) -> Bool {
      failures.last(hop, for: .seconds(time), at: start + .seconds(seconds))
    }
    #expect(!has(0, for: 0))
    failures.note(hop, at: start)
    failures.note(hop, at: start + .seconds(299))
    #expect(!has(299, for: 300) && has(300, for: 300))
    #expect(has(86_398, for: 300) && !has(86_400 + 299, for: 300))
    // A day later it begins anew.
    failures.note(hop, at: start + .seconds(100_000))
    #expect(!has(100_000, for: 300))
    for number in 0..<Limits.tlsFailures {
      failures.note(
        Hop(description: "\(number)", domain: "\(number)", version: 0),
        at: start + .seconds(100_001 + number))
    }
    #expect(!has(110_000, for: 300))
  }
}
