internal import COpenSSL

/// The oldest version of the protocol that is spoken.
///
/// TLS 1.0 and 1.1 are not offered: RFC 8996 §1 withdrew them, and OpenSSL's security level 2 refuses
/// their signatures.
package enum TLSVersion: Sendable {
  /// TLS 1.2 (RFC 5246) and what follows it.
  case tls12
  /// TLS 1.3 (RFC 8446) only.
  case tls13

  var number: Int32 {
    switch self {
    case .tls12: TLS1_2_VERSION
    case .tls13: TLS1_3_VERSION
    }
  }
}
