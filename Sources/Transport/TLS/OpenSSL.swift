internal import COpenSSL

/// The library, started once, as its manual recommends.
enum OpenSSL {
  /// Starts the library; each entry into it calls this first.
  ///
  /// It reads `openssl.cnf`, or the file that `OPENSSL_CONF` names: the machine's policy counts here too.
  static func start() { precondition(started, "OpenSSL does not start") }

  private static let started = co_initialize() == 1

  /// The reason that the last call on a session of this thread left.
  ///
  /// The first error in the queue is the cause, and the later ones are what it led to.
  static func takeError() -> TLSError {
    let code = ERR_peek_error()
    ERR_clear_error()
    let reason = ERR_GET_REASON(code)
    guard ERR_GET_LIB(code) == ERR_LIB_SSL else { return .broken(reason: libraryText(of: code)) }
    switch reason {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .truncated
    case SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256:
      let alert = reason - SSL_AD_REASON_OFFSET
      guard let text = unsafe SSL_alert_desc_string_long(alert) else { break }
      return unsafe .refused(alert: String(cString: text))
    default: break
    }
    return .broken(reason: text(of: reason) ?? libraryText(of: code))
  }

  /// The sentences for what happens in practice.
  private static func text(of reason: Int32) -> String? {
    switch reason {
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_PROTOCOL, SSL_R_BAD_RECORD_TYPE:
      "the peer does not speak TLS here"
    case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: "the peer speaks HTTP, not TLS"
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH:
      "the peer has no TLS version in common with us"
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_CIPHERS_AVAILABLE, SSL_R_NO_SUITABLE_KEY_SHARE,
      SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_GROUPS,
      SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      "the peer has no cipher, group or signature in common with us"
    case SSL_R_DH_KEY_TOO_SMALL, SSL_R_EE_KEY_TOO_SMALL, SSL_R_CA_KEY_TOO_SMALL:
      "the key is too short to be safe"
    case SSL_R_CA_MD_TOO_WEAK: "the signature's hash is too weak to be safe"
    case SSL_R_NO_RENEGOTIATION: "the peer tries to renegotiate"
    case SSL_R_EXCESSIVE_MESSAGE_SIZE: "the peer's handshake message is too long"
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: "a record was changed on its way"
    default: nil
    }
  }

  /// The library's own words, or the code as `openssl errstr` takes it.
  private static func libraryText(of code: UInt) -> String {
    if let text = unsafe ERR_reason_error_string(code) {
      return unsafe "OpenSSL says: \(String(cString: text))"
    }
    return "OpenSSL error \(String(code, radix: 16, uppercase: true))"
  }
}

extension TLSContext {
  /// Tries the library out, before anything relies on it.
  ///
  /// **Failures**: `TLSError.broken` where `openssl.cnf` leaves no cipher or no SHA-256, as one does whose provider
  /// cannot be loaded.
  package static func checkLibrary() throws(TLSError) {
    OpenSSL.start()
    var hash = [UInt8](repeating: 0, count: KeyDerivation.hashBytes)
    let hasHash = unsafe EVP_Digest(nil, 0, &hash, nil, EVP_sha256(), nil) == 1
    let context = unsafe SSL_CTX_new(TLS_method())
    unsafe SSL_CTX_free(context)
    ERR_clear_error()
    if unsafe hasHash && context != nil { return }
    throw .broken(
      reason: "OpenSSL has no ciphers or no SHA-256: look at the providers in openssl.cnf "
        + "(`openssl list -providers`)")
  }
}
