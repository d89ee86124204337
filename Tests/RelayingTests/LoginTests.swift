import COpenSSL
import EventLoop
import Foundation
import Platform
import SASL
import TestSupport
import Testing

@testable import Relaying
@testable import TLS

@Suite("Logging in to the next server") struct LoginTests {
  /// The server's side of one login of alice, whose password is `secret`.
  @Loop
  final class Login {
    private var exchange: ServerExchange?
    private let salt = [UInt8](repeating: 3, count: 16)
    private let secret: SCRAMSecret
    private let isImpostor: Bool
    static let challenge = "<1@mx.far.example>"

    init(isImpostor: Bool = false) {
      self.isImpostor = isImpostor
      secret = SCRAMSecret(password: Array("secret".utf8), salt: salt, iterations: 4096)
    }

    /// Whether the next line belongs to the exchange, and is no command.
    private var isUnderWay = false

    /// The reply to a line of AUTH; nil if it is another command.
    func reply(to line: String) -> String? {
      guard line.hasPrefix("AUTH ") || isUnderWay else { return nil }
      let reply = answer(to: line)
      isUnderWay = reply?.hasPrefix("334") == true
      return reply
    }

    private func answer(to line: String) -> String? {
      let words = line.split(separator: " ").map(String.init)
      if words.first == "AUTH", words[1] == "CRAM-MD5" {
        return encoded(Array(Self.challenge.utf8))
      }
      if words.first == "AUTH" {
        guard let mechanism = Mechanism(name: Array(words[1].utf8)[...]) else { return "504 no" }
        var exchange = ServerExchange(mechanism, isBindingOffered: false)
        let step = exchange.start(
          encodedInitialResponse: words.count > 2 ? Array(words[2].utf8)[...] : nil)
        self.exchange = exchange
        return reply(to: step)
      }
      if let data = Data(base64Encoded: line), exchange == nil, !data.isEmpty {
        let hash = KeyDerivation.hmacMD5(key: Array("secret".utf8), Array(Self.challenge.utf8))
        let digest = (hash ?? []).map { String(format: "%02x", $0) }.joined()
        return data == Data("alice \(digest)".utf8) ? "235 2.7.0 welcome" : "535 5.7.8 wrong"
      }
      guard var exchange, Data(base64Encoded: line) != nil || line == "*" else { return nil }
      if line == "*" { return "501 5.7.0 cancelled" }
      let step = exchange.respond(encoded: Array(line.utf8)[...])
      self.exchange = exchange
      return reply(to: step)
    }

    private func encoded(_ challenge: [UInt8]) -> String {
      "334 " + Data(challenge).base64EncodedString()
    }

    private func reply(to step: ServerExchange.Step) -> String? {
      switch step {
      case .challenge(let challenge): return encoded(challenge)
      case .verify(let user, let password):
        return user == "alice" && password == Array("secret".utf8)
          ? "235 2.7.0 welcome" : "535 5.7.8 wrong"
      case .lookUp:
        let next = exchange?.lookedUp(
          SCRAMParameters(
            salt: salt, iterations: 4096, random: [UInt8](repeating: 5, count: 18), binding: nil))
        return next.flatMap(reply)
      case .check(let proof):
        if isImpostor { return "235 2.7.0 welcome" }
        guard proof.clientProof == secret.clientProof(of: proof.authMessage) else {
          return "535 5.7.8 wrong"
        }
        let next = exchange?.accepted(
          user: "alice", serverSignature: secret.serverSignature(of: proof.authMessage))
        return next.flatMap(reply)
      case .authenticated: return "235 2.7.0 welcome"
      case .invalid: return "501 5.5.2 malformed"
      }
    }
  }

  @Test(
    "Each mechanism logs in by TLS, with the right password only",
    arguments: ["SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5"], ["secret", "wrong"])
  func logsIn(mechanism: String, password: String) async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("mx.far.example").server
      server.capabilities.append("AUTH \(mechanism)")
      let login = Login()
      server.answer = { login.reply(to: $0) }
      let bed = try Bed(smarthost: server, login: ("alice", password), encryption: .required)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.count == (password == "secret" ? 1 : 0))
      #expect(server.connections == 1)
      #expect(bed.names(in: "mail") == [])
      if password == "wrong" {
        #expect(try #require(bed.envelope().last).contains("535 5.7.8"))
      }
      // Nothing that was sent is the password, unless the mechanism has it sent.
      let isSent = server.commands.contains { line in
        line.split(separator: " ").contains { word in
          Data(base64Encoded: String(word)).map { Data($0).range(of: Data(password.utf8)) != nil }
            ?? false
        }
      }
      #expect(isSent == ["PLAIN", "LOGIN"].contains(mechanism))
    }
  }

  @Test("Without TLS the password is sent where the route allows it", arguments: [true, false])
  func clear(isAllowed: Bool) async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities.append("AUTH PLAIN")
      let login = Login()
      server.answer = { login.reply(to: $0) }
      let bed = try Bed(smarthost: server, login: ("alice", "secret"), encryption: .opportunistic)
      bed.relayer.settings.otherwise.allowsPasswordInClear = isAllowed
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.count == (isAllowed ? 1 : 0))
      #expect(server.commands.contains { $0.hasPrefix("AUTH") } == isAllowed)
    }
  }

  @Test("No name server says where this host is, to which a password may be sent in clear")
  func localhost() async throws {
    try await onLoop {
      let server = try NextServer()
      let thief = try NextServer("127.0.0.2", port: server.address.port)
      for server in [server, thief] { server.capabilities.append("AUTH PLAIN") }
      let bed = try Bed(smarthost: server, "localhost", login: ("alice", "s3cret"))
      bed.relayer.settings.otherwise.allowsPasswordInClear = true
      bed.zone.add("far.example", mx: "localhost", [127, 0, 0, 2])
      try await bed.put(to: "x@far.example")
      try await bed.run(server, thief)
      #expect(thief.commands == [])
      #expect(server.messages.count == 1)
    }
  }

  @Test("Of the mechanisms that a server offers those of the route are used")
  func mechanisms() async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("mx.far.example").server
      server.capabilities.append("AUTH SCRAM-SHA-256 PLAIN LOGIN")
      let login = Login()
      server.answer = { login.reply(to: $0) }
      let bed = try Bed(smarthost: server, login: ("alice", "secret"), encryption: .required)
      bed.relayer.settings.otherwise.mechanisms = [.login, .cramMD5]
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
      #expect(server.commands.filter { $0.hasPrefix("AUTH") }.count == 1)
      #expect(server.commands.contains { $0.hasPrefix("AUTH LOGIN") })
    }
  }

  @Test("Where a route asks for TLS 1.3, a server that has 1.2 only gets nothing")
  func version() async throws {
    try await onLoop {
      let server = try NextServer()
      let context = try Identity("mx.far.example").server
      server.context = context
      let bed = try Bed(smarthost: server, encryption: .required)
      bed.relayer.settings.otherwise.needsTLS13 = true
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
      #expect(unsafe co_set_maximum_version(context.pointer, TLS1_2_VERSION) == 1)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.count == 1)
      #expect(try #require(bed.envelope().last).contains("TLS"))
    }
  }

  @Test("An impostor that says yes to any proof gets no message")
  func impostor() async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("mx.far.example").server
      server.capabilities.append("AUTH SCRAM-SHA-256 PLAIN")
      let login = Login(isImpostor: true)
      server.answer = { login.reply(to: $0) }
      let bed = try Bed(smarthost: server, login: ("alice", "secret"), encryption: .required)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.isEmpty)
      #expect(!server.commands.contains { $0.hasPrefix("AUTH PLAIN") })
      let status = try #require(bed.envelope().last)
      #expect(status.contains("has not proved that it knows the password"))
    }
  }

  @Test(
    "TLS is resumed with a server that is known, not after the settings have changed",
    arguments: [true, false])
  func resumes(isChanged: Bool) async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("mx.far.example").server
      let bed = try Bed(smarthost: server, encryption: .required)
      for _ in 0..<3 {
        try await bed.put(to: "ann@far.example")
        try await bed.run(server)
        if isChanged { bed.relayer.settings.lifetime += .seconds(1) }
      }
      #expect(server.messages.count == 3)
      #expect(server.connections == 3)
      #expect(server.resumptions == (isChanged ? 0 : 2))
    }
  }
}
