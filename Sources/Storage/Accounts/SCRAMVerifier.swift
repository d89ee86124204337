import Mail
package import Platform
import SASL
import TLS

/// What verifies a password with SCRAM-SHA-256 and cannot log in by itself (RFC 5802 §3, RFC 7677).
///
/// It serves SCRAM as well as the mechanisms that send the password: PLAIN, LOGIN, USER and PASS.
///
/// Limitation: a password is taken as its octets. SASLprep (RFC 4013) changes only passwords beyond
/// ASCII, which both sides then have to send in the same form.
package struct SCRAMVerifier: Equatable, Sendable {
  /// How often the hash is repeated.
  package let iterations: Int
  /// What makes equal passwords of two users differ.
  package let salt: [UInt8]
  /// The hash of the client's key.
  package let storedKey: [UInt8]
  /// The key with which the server proves itself.
  package let serverKey: [UInt8]

  /// A verifier for the password, with a salt of its own.
  package init(password: [UInt8]) throws(SystemError) {
    self.init(
      password: password, salt: try randomBytes(count: Limits.saltBytes),
      iterations: Limits.iterations)
  }

  /// The verifier for the password with that salt.
  init(password: [UInt8], salt: [UInt8], iterations: Int) {
    let salted = KeyDerivation.pbkdf2SHA256(
      password: password, salt: salt, iterations: iterations)
    let clientKey = KeyDerivation.hmacSHA256(key: salted, Array("Client Key".utf8))
    self.iterations = iterations
    self.salt = salt
    storedKey = KeyDerivation.sha256(clientKey)
    serverKey = KeyDerivation.hmacSHA256(key: salted, Array("Server Key".utf8))
  }

  /// The verifier with these fields.
  init(iterations: Int, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
    self.iterations = iterations
    self.salt = salt
    self.storedKey = storedKey
    self.serverKey = serverKey
  }

  /// The verifier that stands after `{SCRAM-SHA-256}`; nil if there is none.
  init?(_ text: Substring) {
    let fields = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard
      fields.count == 4,
      fields[0].count <= 7, fields[0].allSatisfy(\.isDigit),
      let iterations = Int(String(Substring(fields[0]))),
      (1...Limits.mostIterations).contains(iterations),
      let salt = Base64.decode(Array(fields[1])[...], limit: Limits.mostSaltBytes), !salt.isEmpty,
      let storedKey = Base64.decode(Array(fields[2])[...], limit: KeyDerivation.hashBytes),
      let serverKey = Base64.decode(Array(fields[3])[...], limit: KeyDerivation.hashBytes),
      storedKey.count == KeyDerivation.hashBytes, serverKey.count == KeyDerivation.hashBytes
    else { return nil }
    self.init(iterations: iterations, salt: salt, storedKey: storedKey, serverKey: serverKey)
  }

  /// What stands after `{SCRAM-SHA-256}`: `iterations,salt,StoredKey,ServerKey`.
  var text: String {
    let fields = [salt, storedKey, serverKey].map {
      String(decoding: Base64.encode($0), as: UTF8.self)
    }
    return "\(iterations),\(fields.joined(separator: ","))"
  }

  /// Whether it is the password; slow on purpose, for a worker thread.
  func accepts(_ password: [UInt8]) -> Bool {
    let other = SCRAMVerifier(password: password, salt: salt, iterations: iterations)
    return KeyDerivation.constantTimeEquals(storedKey, other.storedKey)
  }

  /// Whether the proof is made of the password; quick, as the client has done the slow part
  /// (RFC 5802 §3).
  func accepts(_ proof: SCRAMProof) -> Bool {
    let signature = KeyDerivation.hmacSHA256(key: storedKey, proof.authMessage)
    let clientKey = zip(proof.clientProof, signature).map { $0 ^ $1 }
    return KeyDerivation.constantTimeEquals(KeyDerivation.sha256(clientKey), storedKey)
  }

  /// `ServerSignature`: what proves to the client of the proof that we have the user's key.
  func serverSignature(of proof: SCRAMProof) -> [UInt8] {
    KeyDerivation.hmacSHA256(key: serverKey, proof.authMessage)
  }
}
