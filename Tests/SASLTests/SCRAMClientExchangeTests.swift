import TestSupport
import Testing

@testable import SASL

struct SCRAMClientExchangeTests {
  static let nonce = "rOprNGfwEbeRWgbNEkqO"
  static let serverNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
  static let serverFirst = "r=\(nonce)\(serverNonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

  static func exchange(
    user: String = "user", password: String = "pencil", binding: ChannelBindingData? = nil,
    bindsChannel: Bool = false, isBindingOffered: Bool = false
  ) -> SCRAMClientExchange {
    SCRAMClientExchange(
      user: user, password: Array(password.utf8), nonce: Array(nonce.utf8), binding: binding,
      bindsChannel: bindsChannel, isBindingOffered: isBindingOffered)
  }

  /// Works out what the exchange asks for.
  static func answer(
    _ step: ClientExchange.Step, _ exchange: inout SCRAMClientExchange
  ) -> ClientExchange.Step {
    guard case .compute(.scram(let password, let salt, let iterations, let message)) = step else {
      return step
    }
    let secret = SCRAMSecret(password: password, salt: salt, iterations: iterations)
    return exchange.computed(
      secret.clientProof(of: message), serverSignature: secret.serverSignature(of: message))
  }

  static func text(_ step: ClientExchange.Step) -> String {
    switch step {
    case .respond(let message): String(decoding: message, as: UTF8.self)
    case .compute: "compute"
    case .refuse(let reason): "refuse: \(reason)"
    }
  }

  @Test func `The example of RFC 7677 §3 is spoken to its end`() {
    var exchange = Self.exchange()
    #expect(Self.text(exchange.respond(to: [])) == "n,,n=user,r=\(Self.nonce)")
    let final = Self.answer(exchange.respond(to: Array(Self.serverFirst.utf8)), &exchange)
    let expected = """
      c=biws,r=\(Self.nonce)\(Self.serverNonce),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=
      """
    #expect(Self.text(final) == expected)
    #expect(!exchange.isServerProved)
    let proof = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    #expect(exchange.respond(to: Array(proof.utf8)) == .respond([]))
    #expect(exchange.isServerProved)
    #expect(Self.text(exchange.respond(to: [])).hasPrefix("refuse"))
  }

  @Test(
    arguments: [
      "", "v=", "v=AAAA", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "e=invalid-proof",
      "e=\r\nx", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", serverFirst,
      "x=1,v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ])
  func `A server that does not prove to know the password is refused`(message: String) {
    var exchange = Self.exchange()
    _ = exchange.respond(to: [])
    _ = Self.answer(exchange.respond(to: Array(Self.serverFirst.utf8)), &exchange)
    let text = Self.text(exchange.respond(to: Array(message.utf8)))
    #expect(text.hasPrefix("refuse: it "))
    #expect(!text.contains("\n"))
    #expect(!exchange.isServerProved)
  }

  @Test(
    arguments: [
      "", "r=", "e=other-error", "m=x,r=\(nonce)Z,s=QQ==,i=4096", "r=\(nonce),s=QQ==,i=4096",
      "r=Z\(nonce),s=QQ==,i=4096", "r=\(nonce)Z,s=,i=4096", "r=\(nonce)Z,s=Q,i=4096",
      "r=\(nonce)Z,s=QQ==", "r=\(nonce)Z,s=QQ==,i=", "r=\(nonce)Z,s=QQ==,i=4095",
      "r=\(nonce)Z,s=QQ==,i=0", "r=\(nonce)Z,s=QQ==,i=-4096", "r=\(nonce)Z,s=QQ==,i=1000001",
      "r=\(nonce)Z,s=QQ==,i=99999999999999999999", "r=\(nonce)Z,s=QQ==,i=4096,m=x",
      "r=\(nonce)Z,s=QQ==,i=4096,", "s=QQ==,r=\(nonce)Z,i=4096", "r=\(nonce)\u{0},s=QQ==,i=4096",
      "r=\(nonce) Z,s=QQ==,i=4096", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
      "r=\(String(nonce.dropLast()))Z,s=QQ==,i=4096",
    ])
  func `A challenge that is malformed, foreign or unsafe is refused`(message: String) {
    var exchange = Self.exchange()
    _ = exchange.respond(to: [])
    #expect(Self.text(exchange.respond(to: Array(message.utf8))).hasPrefix("refuse: it"))
  }

  @Test(arguments: [("4096", true), ("1000000", true), ("4096,x=1", true)])
  func `The bounds of a challenge are taken`(count: String, isTaken: Bool) {
    var exchange = Self.exchange()
    _ = exchange.respond(to: [])
    let step = exchange.respond(to: Array("r=\(Self.nonce)Z,s=QQ==,i=\(count)".utf8))
    #expect((Self.text(step) == "compute") == isTaken)
  }

  @Test func `Commas and equals signs of a name are escaped`() {
    var exchange = Self.exchange(user: "a,b=c")
    #expect(Self.text(exchange.respond(to: [])) == "n,,n=a=2Cb=3Dc,r=\(Self.nonce)")
  }

  @Test func `A client that could bind says so to a server that does not offer it`() {
    let data = ChannelBindingData(kind: "tls-exporter", octets: [1, 2])
    for (binding, bindsChannel, isOffered, header) in [
      (nil, false, false, "n,,"), (nil, false, true, "n,,"), (data, false, false, "y,,"),
      (data, false, true, "n,,"), (data, true, true, "p=tls-exporter,,"),
    ] {
      var exchange = Self.exchange(
        binding: binding, bindsChannel: bindsChannel, isBindingOffered: isOffered)
      #expect(Self.text(exchange.respond(to: [])).hasPrefix(header + "n="))
    }
  }

  @Test(arguments: [true, false], [true, false])
  func `The client's side satisfies the server's side, bound to the same connection only`(
    bindsChannel: Bool, isSameConnection: Bool
  ) throws {
    let octets = [UInt8](repeating: 7, count: 32)
    let binding = ChannelBindingData(kind: "tls-exporter", octets: octets)
    var client = ClientExchange(
      scram: "alice", password: Array("secret".utf8), random: [UInt8](repeating: 9, count: 18),
      binding: binding, bindsChannel: bindsChannel, isBindingOffered: bindsChannel)
    var server = ServerExchange(client.mechanism, isBindingOffered: bindsChannel)
    let salt = [UInt8](repeating: 3, count: 16)
    let secret = SCRAMSecret(password: Array("secret".utf8), salt: salt, iterations: 4096)
    var step = server.start(initialResponse: client.initialResponse())
    while true {
      switch step {
      case .challenge(let challenge):
        guard !client.isServerProved else { break }
        var answer = client.respond(to: challenge)
        if case .compute(.scram(_, _, _, let message)) = answer {
          #expect(!client.isPasswordShown)
          answer = client.computed(
            secret.clientProof(of: message), serverSignature: secret.serverSignature(of: message))
          #expect(client.isPasswordShown)
        }
        guard case .respond(let response) = answer else {
          Issue.record("\(answer)")
          return
        }
        step = server.respond(response)
        continue
      case .lookUp(let user, let kind):
        #expect(user == "alice")
        #expect(kind == (bindsChannel ? "tls-exporter" : nil))
        let known = isSameConnection ? octets : [UInt8](repeating: 8, count: 32)
        step = server.lookedUp(
          SCRAMParameters(
            salt: salt, iterations: 4096, random: [UInt8](repeating: 5, count: 18),
            binding: bindsChannel ? known : nil))
        continue
      case .check(let proof):
        #expect(proof.clientProof == secret.clientProof(of: proof.authMessage))
        step = server.accepted(
          user: "alice", serverSignature: secret.serverSignature(of: proof.authMessage))
        continue
      default: break
      }
      break
    }
    if bindsChannel && !isSameConnection {
      #expect(step == .invalid(.channelBinding))
    } else {
      #expect(step == .authenticated(user: "alice"))
      #expect(client.isServerProved)
    }
  }
}
