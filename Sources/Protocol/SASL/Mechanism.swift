internal import Mail

/// A SASL mechanism, the most preferred of the server's side first.
///
/// The client's side has its own order, ``ClientExchange/mechanisms(isTLSActive:)``.
package enum Mechanism: CaseIterable, Equatable, Sendable {
  /// The proof of a password, for this TLS connection only (RFC 5802, RFC 7677).
  case scramSHA256Plus
  /// The proof of a password, which is not sent itself (RFC 5802, RFC 7677).
  case scramSHA256
  /// One message with user name and password (RFC 4616 §2).
  case plain
  /// User name and password on two prompts, never standardised, and all that many devices know.
  case login
  /// A digest of the password and a challenge (RFC 2195 §2): the client's side only, for a server needs
  /// the password itself to check it.
  case cramMD5

  /// The name as a capability list shows it.
  package var name: String {
    switch self {
    case .scramSHA256Plus: "SCRAM-SHA-256-PLUS"
    case .scramSHA256: "SCRAM-SHA-256"
    case .plain: "PLAIN"
    case .login: "LOGIN"
    case .cramMD5: "CRAM-MD5"
    }
  }

  /// The mechanisms that a server offers on a connection where it takes passwords.
  package static func offered(isTLSActive: Bool) -> [Mechanism] {
    allCases.filter { $0.isOffered(isTLSActive: isTLSActive) }
  }

  /// Whether a server offers the mechanism on a connection where it takes passwords.
  package func isOffered(isTLSActive: Bool) -> Bool {
    self != .cramMD5 && (isTLSActive || !bindsChannel)
  }

  /// Whether the mechanism needs TLS, because it proves the password to that connection.
  package var bindsChannel: Bool { self == .scramSHA256Plus }

  /// Reads a mechanism's name in any case (RFC 4422 §3.1); nil when it is not known here.
  package init?(name: ArraySlice<UInt8>) {
    let text = name.map(\.lowercased)
    for mechanism in Mechanism.allCases where text == mechanism.name.utf8.map(\.lowercased) {
      self = mechanism
      return
    }
    return nil
  }
}
