import EventLoop
import Platform
import TLS
import TestSupport
import Testing

@testable import Relaying

@Suite("TLS and logins on the way out") struct EncryptionTests {
  typealias Encryption = RelayingSettings.Encryption

  struct Case: Sendable, CustomTestStringConvertible {
    var encryption: Encryption
    var isOffered = true
    /// The name the certificate is for; nil for one that nobody vouches for.
    var certificateName: String? = "localhost"
    var isImplicit = false
    /// Whether the message went by TLS; nil if it stayed here.
    var result: Bool?

    var testDescription: String {
      "\(encryption), offered: \(isOffered), certificate: \(certificateName ?? "of a stranger"),"
        + " implicit: \(isImplicit)"
    }
  }

  @Test(
    "A message goes in clear, by TLS or not at all, as the setting says",
    arguments: [
      Case(encryption: .none, result: false),
      Case(encryption: .opportunistic, result: true),
      Case(encryption: .opportunistic, isOffered: false, result: false),
      Case(encryption: .opportunistic, certificateName: nil, result: true),
      Case(encryption: .required, result: true),
      Case(encryption: .required, certificateName: "other.example", result: true),
      Case(encryption: .required, isOffered: false, result: nil),
      Case(encryption: .verified, result: true),
      Case(encryption: .verified, isOffered: false, result: nil),
      Case(encryption: .verified, certificateName: "other.example", result: nil),
      Case(encryption: .verified, certificateName: nil, result: nil),
      Case(encryption: .required, isImplicit: true, result: true),
      Case(encryption: .opportunistic, isImplicit: true, result: true),
      Case(encryption: .verified, isImplicit: true, result: true),
      Case(encryption: .verified, certificateName: nil, isImplicit: true, result: nil),
    ])
  func policy(_ example: Case) async throws {
    try await onLoop {
      let server = try NextServer()
      let identity = try Identity(example.certificateName ?? "localhost")
      let stranger = try Identity("localhost")
      if example.isOffered { server.context = identity.server }
      server.isImplicitTLS = example.isImplicit
      let bed = try Bed(
        smarthost: server, "localhost", isImplicitTLS: example.isImplicit,
        encryption: example.encryption)
      bed.zone.entries["localhost"] = .init(v4: [[127, 0, 0, 1]])
      let known = example.certificateName == nil ? stranger : identity
      bed.relayer.authorities = .authorities(path: known.certificatePath)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.first?.isEncrypted == example.result)
      #expect(bed.names(in: "queue/cur").count == (example.result == nil ? 1 : 0))
      #expect(bed.names(in: "mail") == [])
    }
  }

  @Test(
    "A handshake that fails keeps the message, whatever the policy",
    arguments: [Encryption.opportunistic, .required, .verified])
  func failedHandshake(encryption: Encryption) async throws {
    try await onLoop {
      // It says that it has STARTTLS, and has not.
      let server = try NextServer()
      server.capabilities.append("STARTTLS")
      let bed = try Bed(smarthost: server, encryption: encryption)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.isEmpty)
      #expect(try #require(bed.envelope().last).contains(" while shaking hands"))
    }
  }

  @Test(
    "What a server says in clear behind its reply to STARTTLS is never taken for a reply",
    arguments: [Encryption.opportunistic, .required])
  func injection(encryption: Encryption) async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("mx.far.example").server
      server.injection = "|250-mx.far.example|250 SIZE 1"
      let bed = try Bed(smarthost: server, encryption: encryption)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.isEmpty)
      #expect(bed.names(in: "mail") == [])
      #expect(try #require(bed.envelope().last).contains("plain text after STARTTLS"))
    }
  }

  @Test("After the handshake the server is asked anew, and what it said in clear is forgotten")
  func newGreeting() async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("mx.far.example").server
      let bed = try Bed(smarthost: server, encryption: .opportunistic)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      let words = server.commands.map { $0.prefix(4) }
      #expect(words.prefix(4) == ["EHLO", "STAR", "EHLO", "MAIL"])
    }
  }

  @Test("A password leaves under TLS only, whatever the setting and the server say")
  func password() async throws {
    try await onLoop {
      for (encryption, isOffered, isRight) in [
        (Encryption.opportunistic, true, true), (.required, true, true),
        (.opportunistic, false, true), (.none, true, true), (.required, true, false),
      ] {
        let server = try NextServer()
        server.capabilities.append("AUTH PLAIN LOGIN")
        if isOffered { server.context = try Identity("mx.far.example").server }
        server.answer = { $0.hasPrefix("AUTH") && !isRight ? "535 5.7.8 wrong" : nil }
        let bed = try Bed(smarthost: server, login: ("me", "secret"), encryption: encryption)
        try await bed.put(to: "ann@far.example")
        try await bed.run(server)
        let isUsed = isOffered && encryption != .none
        #expect(server.commands.contains { $0.hasPrefix("AUTH PLAIN ") } == isUsed)
        #expect(server.messages.count == (isUsed && isRight ? 1 : 0))
        #expect(server.messages.allSatisfy { $0.isEncrypted })
        // A wrong password is for the admin to mend: nothing is returned.
        #expect(bed.names(in: "mail") == [])
        #expect(server.connections == 1)
      }
    }
  }

  @Test("A server with a password to be sent to is not asked again in clear when TLS fails")
  func noFallback() async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities += ["STARTTLS", "AUTH PLAIN"]
      let bed = try Bed(smarthost: server, login: ("me", "secret"), encryption: .opportunistic)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.connections == 1)
      #expect(!server.commands.contains { $0.hasPrefix("AUTH") })
    }
  }

  @Test("A server that knows no EHLO gets HELO and the message")
  func oldServer() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("EHLO") ? "502 5.5.1 unknown command" : nil }
      let bed = try Bed(smarthost: server, encryption: .opportunistic)
      try await bed.put(to: "ann@far.example", "bob@far.example")
      try await bed.run(server)
      #expect(
        server.commands == [
          "EHLO gw.home.example", "HELO gw.home.example", "MAIL FROM:<me@home.example>",
          "RCPT TO:<ann@far.example>", "RCPT TO:<bob@far.example>", "DATA", "QUIT",
        ])
    }
  }
}
