package import Platform

/// Why TLS cannot be set up, or a session with a peer cannot go on.
///
/// The text is for the log and the admin; of the peer it has names of certificates, in visible ASCII. What a peer does or is
/// may be mended by tomorrow, so for mail each of these is a temporary failure.
package enum TLSError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file of the configuration cannot be used; the reason says what to do.
  case file(path: String, reason: String)
  /// The peer's certificate does not prove that it is the one we look for.
  case untrusted(reason: String)
  /// The peer has refused the session with this alert (RFC 8446 §6.2).
  case refused(alert: String)
  /// The two sides do not come to terms, or the peer breaks the protocol.
  case broken(reason: String)
  /// The connection ended without a farewell: what was read may be cut short (RFC 8446 §6.1).
  case truncated
  /// The connection failed below TLS.
  case system(SystemError)

  /// The failure of a client that wants TLS while there is no certificate that can be used.
  package static let noCertificate = TLSError.broken(
    reason: "there is no certificate that can be used")

  package var description: String {
    switch self {
    case .file(let path, let reason): "\(path): \(reason)"
    case .untrusted(let reason): "certificate not trusted: \(reason)"
    case .refused(let alert): "refused by the peer: \(alert)"
    case .broken(let reason): reason
    case .truncated: "connection ended without a TLS farewell"
    case .system(let error): error.description
    }
  }
}
