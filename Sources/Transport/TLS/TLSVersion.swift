internal import COpenSSL

/// The oldest version of the protocol that is spoken.
///
/// RFC 8996 §1 withdrew TLS 1.0 and 1.1, and OpenSSL's security level 2 refuses their signatures: a
/// context speaks them only where it is told to, which lowers that level with them.
package enum TLSVersion: Sendable, CustomStringConvertible {
  /// TLS 1.0 and what follows it, with every cipher that OpenSSL still has: for a listener of old
  /// devices that would otherwise send in clear.
  case tls10
  /// TLS 1.2 (RFC 5246) and what follows it.
  case tls12
  /// TLS 1.3 (RFC 8446) only.
  case tls13

  var number: Int32 {
    switch self {
    case .tls10: TLS1_VERSION
    case .tls12: TLS1_2_VERSION
    case .tls13: TLS1_3_VERSION
    }
  }

  package var description: String {
    switch self {
    case .tls10: "TLS 1.0"
    case .tls12: "TLS 1.2"
    case .tls13: "TLS 1.3"
    }
  }
}
