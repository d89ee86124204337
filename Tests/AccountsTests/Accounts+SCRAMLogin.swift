import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Accounts
@testable import SASL

extension Accounts {
  /// Whether a client gets in by SCRAM, and what it thinks of the server's signature.
  func logIn(
    _ client: SCRAMClient, as user: String
  ) async throws -> (outcome: String, isServerProved: Bool) {
    var client = client
    var exchange = ServerExchange(.scramSHA256, isBindingOffered: false)
    _ = exchange.start(initialResponse: Array(client.first.utf8))
    let step = exchange.lookedUp(try scramParameters(user: user, binding: nil))
    guard case .challenge(let challenge) = step else { return ("\(step)", false) }
    let final = client.final(String(decoding: challenge, as: UTF8.self))
    guard case .check(let proof) = exchange.respond(Array(try #require(final).utf8)) else {
      return ("no proof", false)
    }
    let (verification, signature) = await verify(proof)
    let isProved = client.accepts("v=\(Data(signature).base64EncodedString())")
    switch verification {
    case .verified(let user): return ("verified \(user.name)", isProved)
    case .wrong: return ("wrong", isProved)
    case .temporary(let reason): return ("temporary \(reason)", isProved)
    }
  }

  /// Whether a client gets in by a mechanism that sends the password.
  func logIn(_ user: String, _ password: String) async -> String {
    switch await verify(user: user, password: Array(password.utf8)) {
    case .verified(let user): "verified \(user.name)"
    case .wrong: "wrong"
    case .temporary(let reason): "temporary \(reason)"
    }
  }
}
