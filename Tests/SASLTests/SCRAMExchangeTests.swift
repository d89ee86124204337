import TestSupport
import Testing

@testable import SASL

struct SCRAMExchangeTests {
  typealias Step = ServerExchange.Step

  static let binding = [UInt8](repeating: 0x42, count: 32)

  /// The server's half of the nonce, and the salt, of the example of RFC 7677 §3.
  static let parameters = SCRAMParameters(
    salt: Base64.decode(Array("W22ZaJ0SNY7soEsUEjb6gQ==".utf8)[...], limit: 16) ?? [],
    iterations: 4096, nonce: Array("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".utf8), binding: binding)
  static let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
  static let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="

  static func exchange(_ mechanism: Mechanism = .scramSHA256, isOffered: Bool = false)
    -> ServerExchange
  {
    ServerExchange(mechanism, isBindingOffered: isOffered)
  }

  static func first(
    _ message: String, _ mechanism: Mechanism = .scramSHA256, isOffered: Bool = false
  ) -> Step {
    var exchange = exchange(mechanism, isOffered: isOffered)
    return exchange.start(initialResponse: Array(message.utf8))
  }

  /// What the exchange of the example says to a last message.
  static func final(
    _ message: [UInt8], _ mechanism: Mechanism = .scramSHA256, header: String = "n,,"
  ) -> Step {
    var exchange = exchange(mechanism)
    let first = "\(header)n=user,r=rOprNGfwEbeRWgbNEkqO"
    guard case .lookUp = exchange.start(initialResponse: Array(first.utf8)),
      case .challenge = exchange.lookedUp(parameters)
    else { return .invalid(.encoding) }
    return exchange.respond(message)
  }

  static func isCheck(_ step: Step) -> Bool { if case .check = step { true } else { false } }

  @Test(arguments: [true, false])
  func `The example of RFC 7677 §3 is spoken to its end`(speaksFirst: Bool) {
    var exchange = Self.exchange()
    let first = Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8)
    var step = exchange.start(initialResponse: speaksFirst ? first : nil)
    if !speaksFirst {
      #expect(step == .challenge([]))
      step = exchange.respond(first)
    }
    #expect(step == .lookUp(user: "user", binding: nil))
    let serverFirst = "r=\(Self.nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    #expect(exchange.lookedUp(Self.parameters) == .challenge(Array(serverFirst.utf8)))
    let withoutProof = "c=biws,r=\(Self.nonce)"
    let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\(serverFirst),\(withoutProof)"
    let proof = Base64.decode(Array(Self.proof.utf8)[...], limit: 32) ?? []
    #expect(
      exchange.respond(Array("\(withoutProof),p=\(Self.proof)".utf8))
        == .check(
          SCRAMProof(user: "user", authMessage: Array(message.utf8), clientProof: proof)))
    let signature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    let octets = Base64.decode(Array(signature.utf8)[...], limit: 32) ?? []
    #expect(
      exchange.accepted(user: "User", serverSignature: octets)
        == .challenge(Array("v=\(signature)".utf8)))
    #expect(exchange.respond([]) == .authenticated(user: "User"))
  }

  @Test(
    arguments: [
      ("n,,n=alice,r=x", "alice"), ("n,a=alice,n=alice,r=x", "alice"),
      ("n,,n=a=2Cb=3Dc,r=x", "a,b=c"), ("n,a=a=2Cb=3Dc,n=a=2Cb=3Dc,r=x", "a,b=c"),
      ("n,,n=J\u{FC}rgen,r=x", "J\u{FC}rgen"), ("n,,n=alice,r=x,x=1,Y=two words==", "alice"),
      ("n,,n=alice,r=!#-~n,N=x", "alice"), ("y,,n=alice,r=x", "alice"),
    ])
  func `A first message is taken`(message: String, user: String) {
    #expect(Self.first(message) == .lookUp(user: user, binding: nil))
  }

  @Test(
    arguments: [
      "", "n", "n,", "n,,", "n,,n=alice", "n,,r=x,n=alice", "n,,n=alice,r=", "n,,n=alice,x=1,r=y",
      "n,,n=alice,r=a b", "n,,n=alice,r=\u{FC}", "n,,n=alice,r=x,", "n,,n=alice,r=x,x",
      "n,,n=alice,r=x,x=", "n,,n=alice,r=x,1=a", "n,,n=alice,r=x,xx=1", "n,,n=alice,r=x,r=y",
      "n,,n=alice,r=x,p=y", "n,,m=x,n=alice,r=x", "n,,n=alice,r=x,m=y", "n,,n=al=ice,r=x",
      "n,,n=al=2cice,r=x", "n,,n=alice=,r=x", "n,,n=alice=2,r=x", "n,,n=,r=x", "n,,n=al\0ice,r=x",
      "n,,n=alice,r=x\0", "n,,n=alice,r=x,x=\0", "n,,n=al\nice,r=x", "n,a=,n=alice,r=x",
      "n,b=alice,n=alice,r=x", "n,alice,n=alice,r=x", "n,n=alice,r=x", "N,,n=alice,r=x",
      "Y,,n=alice,r=x", "x,,n=alice,r=x", ",,n=alice,r=x", "nn,,n=alice,r=x", "p=,,n=alice,r=x",
      "p=a b,,n=alice,r=x", "p=a\u{FC},,n=alice,r=x", "P=tls-exporter,,n=alice,r=x",
      "n=alice,r=x", "n,,N=alice,r=x",
    ])
  func `A first message of another form is refused`(message: String) {
    #expect(Self.first(message) == .invalid(.message))
  }

  @Test func `Octets that are not text are refused`() {
    var exchange = Self.exchange()
    let message = Array("n,,n=alice,r=x,x=".utf8) + [0xFF]
    #expect(exchange.start(initialResponse: message) == .invalid(.message))
    let last = Array("c=biws,r=\(Self.nonce),x=".utf8) + [0xFF]
    #expect(Self.final(last + Array(",p=\(Self.proof)".utf8)) == .invalid(.message))
  }

  @Test(arguments: ["a=bob", "a=Alice", "a=alic", "a=alice=2C"])
  func `Nobody acts as somebody else`(authorization: String) {
    #expect(
      Self.first("n,\(authorization),n=alice,r=x") == .invalid(.authorizationIdentity))
  }

  @Test func `A client that was robbed of the offer to bind is refused`() {
    #expect(Self.first("y,,n=alice,r=x", isOffered: true) == .invalid(.channelBinding))
    #expect(
      Self.first("n,,n=alice,r=x", isOffered: true) == .lookUp(user: "alice", binding: nil))
  }

  @Test(arguments: ["n,,n=alice,r=x", "y,,n=alice,r=x"])
  func `The mechanism that binds wants a binding`(message: String) {
    #expect(Self.first(message, .scramSHA256Plus, isOffered: true) == .invalid(.channelBinding))
  }

  @Test func `The mechanism that does not bind wants none`() {
    let message = "p=tls-exporter,,n=alice,r=x"
    #expect(Self.first(message) == .invalid(.channelBinding))
    #expect(Self.first(message, isOffered: true) == .invalid(.channelBinding))
  }

  @Test func `A kind of binding that this connection has not got is refused`() {
    var exchange = Self.exchange(.scramSHA256Plus)
    let message = Array("p=tls-other.2,,n=alice,r=x".utf8)
    #expect(
      exchange.start(initialResponse: message) == .lookUp(user: "alice", binding: "tls-other.2"))
    let parameters = SCRAMParameters(
      salt: [1], iterations: 1, random: [UInt8](repeating: 0, count: 18), binding: nil)
    #expect(exchange.lookedUp(parameters) == .invalid(.channelBinding))
  }

  @Test func `A binding is compared with this connection's`() {
    let header = "p=tls-exporter,a=user,"
    func bound(_ octets: [UInt8]) -> [UInt8] {
      Array("c=".utf8) + Base64.encode(octets)
        + Array(",r=\(Self.nonce),p=\(Self.proof)".utf8)
    }
    let right = bound(Array(header.utf8) + Self.binding)
    #expect(Self.isCheck(Self.final(right, .scramSHA256Plus, header: header)))
    for wrong in [
      bound(Array(header.utf8)), bound(Array(header.utf8) + Self.binding.dropLast()),
      bound(Array(header.utf8) + Self.binding + [0]), bound(Self.binding), bound(Array("n,,".utf8)),
      bound(Array("p=tls-exporter,,".utf8) + Self.binding),
      bound(Array(header.utf8) + Self.binding.dropLast() + [0x43]), bound([]),
    ] {
      #expect(
        Self.final(wrong, .scramSHA256Plus, header: header) == .invalid(.channelBinding))
    }
    // Without a binding the header alone is compared, whatever data the driver gives.
    let unbound = bound(Array("n,,".utf8) + Self.binding)
    #expect(Self.final(unbound) == .invalid(.channelBinding))
  }

  @Test(
    arguments: [
      "", "c=biws", "c=biws,r=NONCE", "r=NONCE,c=biws,p=PROOF", "c=biws,p=PROOF,r=NONCE",
      "c=biws,p=PROOF", "r=NONCE,p=PROOF", "c=biws=,r=NONCE,p=PROOF", "c=!,r=NONCE,p=PROOF",
      "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=PROOF", "c=biws,r=NONCEx,p=PROOF", "c=biws,r=,p=PROOF",
      "c=biws,r=NONCE,p=", "c=biws,r=NONCE,p=AAAA", "c=biws,r=NONCE,p=AAAAPROOF",
      "c=biws,r=NONCE,p=PROOF,", "c=biws,r=NONCE,p=PROOF,x=1", "c=biws,r=NONCE,m=1,p=PROOF",
      "c=biws,r=NONCE,r=NONCE,p=PROOF", "c=biws,r=NONCE,,p=PROOF", "c=biws,r=NONCE,x,p=PROOF",
      "c=biws,r=NONCE\0,p=PROOF", "C=biws,r=NONCE,p=PROOF", "c=biws,x=1,r=NONCE,p=PROOF", "*",
    ])
  func `A last message of another form is refused`(form: String) {
    #expect(Self.final(Self.filled(form)) == .invalid(.message))
  }

  private static func filled(_ form: String) -> [UInt8] {
    let message = form.replacing("NONCE", with: nonce).replacing("PROOF", with: proof)
    return Array(message.utf8)
  }

  @Test func `The proof covers an extension of the last message`() {
    let step = Self.final(Self.filled("c=biws,r=NONCE,x=1,y=2,p=PROOF"))
    guard case .check(let proof) = step else {
      Issue.record("\(step)")
      return
    }
    #expect(
      String(decoding: proof.authMessage, as: UTF8.self).hasSuffix(
        ",c=biws,r=\(Self.nonce),x=1,y=2"))
  }

  @Test(arguments: ["v", "=", "\0", "n,,n=alice,r=x"])
  func `The server's proof is confirmed by an empty message`(answer: String) {
    var exchange = Self.exchange()
    _ = exchange.start(initialResponse: Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8))
    _ = exchange.lookedUp(Self.parameters)
    #expect(Self.isCheck(exchange.respond(Self.filled("c=biws,r=NONCE,p=PROOF"))))
    _ = exchange.accepted(user: "user", serverSignature: [1])
    #expect(exchange.respond(Array(answer.utf8)) == .invalid(.message))
  }

  @Test func `The longest challenge fits a line of 512 octets`() {
    let nonce = String(repeating: "x", count: Limits.nonceBytes)
    var exchange = Self.exchange()
    _ = exchange.start(initialResponse: Array("n,,n=alice,r=\(nonce)".utf8))
    let step = exchange.lookedUp(
      SCRAMParameters(
        salt: [UInt8](repeating: 1, count: 64), iterations: 1_000_000,
        random: [UInt8](repeating: 0, count: Limits.serverNonceBytes), binding: nil))
    guard case .challenge(let challenge) = step else {
      Issue.record("\(step)")
      return
    }
    #expect("334 \r\n".utf8.count + Base64.encode(challenge).count <= 512)
    #expect(challenge.starts(with: Array("r=\(nonce)AAAAAAAAAAAAAAAAAAAAAAAA,s=".utf8)))
    #expect(Self.first("n,,n=alice,r=\(nonce)x") == .invalid(.message))
  }

  @Test func `The longest name that a user here may have is taken in every place`() {
    let name = String(repeating: "n", count: Limits.userNameBytes)
    let text = Base64.encode(Array("n,a=\(name),n=\(name),r=x".utf8))
    var exchange = Self.exchange()
    #expect(
      exchange.start(encodedInitialResponse: text[...]) == .lookUp(user: name, binding: nil))
    #expect(Self.first("n,,n=\(name)n,r=x") == .invalid(.message))
  }
}
