import TestSupport
import Testing

@testable import SASL

/// Exchanges with clients that say anything at all.
struct RandomExchangeTests {
  private static let parameters = SCRAMParameters(
    salt: [1, 2, 3], iterations: 2, random: [UInt8](repeating: 7, count: 18), binding: [0x42])

  /// Pieces that messages are made of, and some that they are not.
  private static let pieces = [
    "n", "y", "p=tls-exporter", ",", ",", ",", "a=", "n=", "r=", "c=", "p=", "m=", "x=1", "alice",
    "=2C", "=", "*", "biws", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH", "\0", "\u{FC}", "secret",
  ].map { Array($0.utf8) }

  @Test(arguments: Mechanism.offered(isTLSActive: true))
  func `No client without the password gets in, and none breaks the exchange`(
    mechanism: Mechanism
  ) {
    var random = FixedRandom(seed: 5802)
    for _ in 0..<4000 {
      var exchange = ServerExchange(mechanism, isBindingOffered: Bool.random(using: &random))
      var step = exchange.start(encodedInitialResponse: Self.line(&random))
      turns: for _ in 0..<4 {
        switch step {
        case .challenge: step = exchange.respond(encoded: Self.line(&random) ?? [])
        case .lookUp(let user, _):
          #expect(!user.isEmpty && user.utf8.count <= Limits.userNameBytes)
          step = exchange.lookedUp(Self.parameters)
        case .verify(let user, let password):
          #expect(!user.isEmpty && !password.isEmpty && !password.contains(0))
          break turns
        case .check, .invalid: break turns
        case .authenticated:
          Issue.record("a client got in without a proof")
          break turns
        }
      }
    }
  }

  @Test func `A message with one octet changed is never another that is right`() throws {
    var random = FixedRandom(seed: 7677)
    for turn in 0..<2000 {
      var client = SCRAMClient(header: "p=tls-exporter,,", binding: [0x42])
      var exchange = ServerExchange(.scramSHA256Plus, isBindingOffered: true)
      _ = exchange.start(initialResponse: Array(client.first.utf8))
      guard case .challenge(let challenge) = exchange.lookedUp(Self.parameters) else {
        Issue.record("no challenge")
        return
      }
      let answer = client.final(String(decoding: challenge, as: UTF8.self))
      let message = try #require(answer)
      var octets = Array(message.utf8)
      if turn > 0 {
        let place = Int.random(in: octets.indices, using: &random)
        octets[place] ^= UInt8.random(in: 1...255, using: &random)
      }
      // What the exchange lets pass is left to the proof, which covers everything.
      guard case .check(let proof) = exchange.respond(octets) else {
        #expect(turn > 0)
        continue
      }
      let secret = SCRAMSecret(password: Array("secret".utf8), salt: [1, 2, 3], iterations: 2)
      let isRight = secret.clientProof(of: proof.authMessage) == proof.clientProof
      #expect(isRight == (turn == 0))
    }
  }

  private static func line(_ random: inout FixedRandom) -> ArraySlice<UInt8>? {
    switch UInt8.random(in: 0..<8, using: &random) {
    case 0: return nil
    case 1:
      let count = Int.random(in: 0..<40, using: &random)
      return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }[...]
    case 2:
      return Base64.encode(Array("n,,n=alice,r=x".utf8))[...]
    case 3:
      let count = Int.random(in: 0..<1200, using: &random)
      return Base64.encode([UInt8](repeating: 0x41, count: count))[...]
    default:
      let count = Int.random(in: 0..<14, using: &random)
      let message = (0..<count).flatMap { _ in pieces.randomElement(using: &random) ?? [] }
      return Base64.encode(message)[...]
    }
  }
}
