import EventLoop
import Network
import Platform
import SASL
import TLS

/// What the exchanges of SASL need and have not got themselves: chance, the connection, and hashes.
extension HopSession {
  /// Octets for a nonce.
  func random() throws(ConnectionError) -> [UInt8] {
    do throws(SystemError) {
      return try randomBytes(count: SASL.Limits.clientNonceBytes)
    } catch {
      throw .system(error)
    }
  }

  /// What the computation comes to; nil where the library cannot do it.
  func result(
    of computation: ClientComputation
  ) async -> (octets: [UInt8], serverSignature: [UInt8])? {
    switch computation {
    case .cramMD5(let password, let challenge):
      return KeyDerivation.hmacMD5(key: password, challenge).map { ($0, []) }
    case .scram(let password, let salt, let iterations, let message):
      let salted = await disk.run {
        KeyDerivation.pbkdf2SHA256(password: password, salt: salt, iterations: iterations)
      }
      let clientKey = KeyDerivation.hmacSHA256(key: salted, Array("Client Key".utf8))
      let signature = KeyDerivation.hmacSHA256(key: KeyDerivation.sha256(clientKey), message)
      let serverKey = KeyDerivation.hmacSHA256(key: salted, Array("Server Key".utf8))
      return (
        zip(clientKey, signature).map { $0 ^ $1 },
        KeyDerivation.hmacSHA256(key: serverKey, message)
      )
    }
  }
}

extension Connection {
  /// What names the connection to both of its ends; nil without TLS.
  ///
  /// TLS 1.2 has `tls-unique`, the kind that every server of its time knows (RFC 5802 §6.1), and TLS 1.3
  /// has `tls-exporter` in its place (RFC 9266 §2). The certificate's hash is for what has neither.
  // Limitation: servers do not say which kinds they know. One of TLS 1.3 that knows only the certificate's
  // hash refuses the login, and then the mechanism without binding is tried.
  var binding: ChannelBindingData? {
    for kind in ["tls-unique", "tls-exporter", "tls-server-end-point"] {
      if let octets = channelBinding(named: kind) {
        return ChannelBindingData(kind: kind, octets: octets)
      }
    }
    return nil
  }
}
