internal import COpenSSL

/// What a client keeps of a session to resume it (RFC 8446 §2.2, RFC 5246 §7.3); a secret, never logged
/// and never on disk.
///
/// It belongs to one server name and one context: a session that is resumed has the trust of the first,
/// and the certificate is not looked at again.
///
/// **Memory**: encoded, 1 to 3 KB with the server's certificate; the library's own form has the parsed
/// certificates, and several times that.
package struct TLSTicket: Sendable {
  private let encoded: [UInt8]

  /// Encodes a session; nil where it cannot be resumed, or is too long to be kept.
  fileprivate init?(_ session: OpaquePointer) {
    guard unsafe SSL_SESSION_is_resumable(session) == 1 else { return nil }
    let length = unsafe co_encode_session(session, nil)
    guard (1...Limits.ticketBytes).contains(Int(length)) else { return nil }
    encoded = unsafe [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
      count = unsafe Int(co_encode_session(session, buffer.baseAddress))
    }
  }

  /// Octets that it takes.
  package var count: Int { encoded.count }

  /// Has a session that has not begun offer the ticket to its server.
  func use(in session: borrowing TLSSession) {
    let decoded = unsafe encoded.withUnsafeBufferPointer { bytes in
      unsafe co_decode_session(bytes.baseAddress, bytes.count)
    }
    guard let decoded = unsafe decoded else { return }
    // One that the library finds too old is not offered, and the session is a new one.
    _ = unsafe SSL_set_session(session.pointer, decoded)
    unsafe SSL_SESSION_free(decoded)
  }
}

extension TLSSession {
  /// What the session can be resumed with; nil where the server has given nothing for it.
  ///
  /// In TLS 1.3 it comes after the handshake, with what the server says first.
  package borrowing func ticket() -> TLSTicket? {
    guard let session = unsafe SSL_get_session(pointer) else { return nil }
    return unsafe TLSTicket(session)
  }

  /// Whether the session goes on from an earlier one.
  package var isResumed: Bool { unsafe SSL_session_reused(pointer) == 1 }
}
