import Foundation
import TLS

/// The client's side of SCRAM-SHA-256, which shares nothing with the server's but the hashes.
package struct SCRAMClient {
  private let user: String
  private let password: [UInt8]
  private let nonce: String
  /// What stands before the name, such as `n,,`.
  package var header: String
  /// The channel binding data.
  package var binding: [UInt8]
  private var expectedSignature: [UInt8] = []

  package init(
    user: String = "alice", password: String = "secret", nonce: String = "rOprNGfwEbeRWgbNEkqO",
    header: String = "n,,", binding: [UInt8] = []
  ) {
    self.user = user
    self.password = Array(password.utf8)
    self.nonce = nonce
    self.header = header
    self.binding = binding
  }

  private var bare: String { "n=\(user),r=\(nonce)" }

  /// The first message.
  package var first: String { header + bare }

  /// The answer to the server's first message; nil if that is not right.
  package mutating func final(_ serverFirst: String) -> String? {
    let parts = serverFirst.components(separatedBy: ",")
    guard parts.count == 3, parts[0].hasPrefix("r=\(nonce)"), parts[0] != "r=\(nonce)",
      parts[1].hasPrefix("s="), let salt = Data(base64Encoded: String(parts[1].dropFirst(2))),
      parts[2].hasPrefix("i="), let iterations = Int(parts[2].dropFirst(2))
    else { return nil }
    let data = Data(Array(header.utf8) + binding).base64EncodedString()
    let withoutProof = "c=\(data),\(parts[0])"
    let message = Array("\(bare),\(serverFirst),\(withoutProof)".utf8)
    let secret = SCRAMSecret(password: password, salt: Array(salt), iterations: iterations)
    expectedSignature = secret.serverSignature(of: message)
    let proof = Data(secret.clientProof(of: message)).base64EncodedString()
    return "\(withoutProof),p=\(proof)"
  }

  /// Whether the server's last message proves that it knows the user.
  package func accepts(_ serverFinal: String) -> Bool {
    serverFinal == "v=\(Data(expectedSignature).base64EncodedString())"
  }
}

/// What a password becomes in SCRAM-SHA-256.
package struct SCRAMSecret {
  private let clientKey: [UInt8]
  private let serverKey: [UInt8]

  package init(password: [UInt8], salt: [UInt8], iterations: Int) {
    let salted = KeyDerivation.pbkdf2SHA256(
      password: password, salt: salt, iterations: iterations)
    clientKey = KeyDerivation.hmacSHA256(key: salted, Array("Client Key".utf8))
    serverKey = KeyDerivation.hmacSHA256(key: salted, Array("Server Key".utf8))
  }

  /// The proof that only the password makes.
  package func clientProof(of message: [UInt8]) -> [UInt8] {
    let signature = KeyDerivation.hmacSHA256(key: KeyDerivation.sha256(clientKey), message)
    return zip(clientKey, signature).map { $0 ^ $1 }
  }

  /// The signature with which the server answers it.
  package func serverSignature(of message: [UInt8]) -> [UInt8] {
    KeyDerivation.hmacSHA256(key: serverKey, message)
  }
}
