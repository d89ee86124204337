internal import COpenSSL

/// Why a handshake with a client came to nothing, in words that say what the client or its profile needs.
extension TLSSession {
  /// Whether the handshake is over.
  package borrowing func isEstablished() -> Bool { unsafe SSL_is_init_finished(pointer) == 1 }

  /// The sentence for an error of a server's session, by its reason in the library's list; nil for one that says enough
  /// of itself.
  borrowing func adviceOnClient(_ reason: Int32) -> String? {
    switch reason {
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW: adviceOnVersion()
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
      SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_CIPHERS_SPECIFIED:
      adviceOnCiphers()
    case SSL_AD_REASON_OFFSET + SSL_AD_UNKNOWN_CA, SSL_AD_REASON_OFFSET + SSL_AD_BAD_CERTIFICATE,
      SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_UNKNOWN,
      SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_EXPIRED,
      SSL_AD_REASON_OFFSET + SSL_AD_UNSUPPORTED_CERTIFICATE:
      adviceOnTrust(alert: reason - SSL_AD_REASON_OFFSET)
    default: nil
    }
  }

  private borrowing func adviceOnVersion() -> String {
    let offered = unsafe SSL_client_version(pointer)
    let name =
      switch offered {
      case ...SSL3_VERSION: "SSL 3.0"
      case TLS1_VERSION: "TLS 1.0"
      case TLS1_1_VERSION: "TLS 1.1"
      default: "TLS 1.2"
      }
    let isOurs = offered >= TLS1_VERSION && offered < TLS1_2_VERSION && !speaksOldTLS
    return "the client speaks \(name) at most"
      + (isOurs ? "; if it is a device of yours, it needs a [profile] with old-tls = yes" : "")
  }

  private borrowing func adviceOnCiphers() -> String {
    let own = unsafe (rsa: co_serves(pointer, EVP_PKEY_RSA), ec: co_serves(pointer, EVP_PKEY_EC))
    let wanted = unsafe (
      rsa: co_client_wants(pointer, NID_auth_rsa), ec: co_client_wants(pointer, NID_auth_ecdsa)
    )
    if wanted.rsa == 1 && wanted.ec == 0 && own.rsa == 0 {
      return "the client needs a certificate with an RSA key: name one beside the other in [tls]"
    }
    if wanted.ec == 1 && wanted.rsa == 0 && own.ec == 0 {
      return "the client needs a certificate with an ECDSA key: name one beside the other in [tls]"
    }
    return "the client has no cipher or signature in common with us"
      + (speaksOldTLS
        ? "" : "; if it is an old device of yours, it needs a [profile] with old-tls = yes")
  }

  private borrowing func adviceOnTrust(alert: Int32) -> String {
    let name = unsafe SSL_alert_desc_string_long(alert).map { unsafe String(cString: $0) }
    return
      "the client does not trust the certificate (\(name ?? "alert")): it must know the authority; "
      + "see `gatepost certificate`"
  }

  /// Whether the session may be one of TLS 1.0.
  private var speaksOldTLS: Bool { unsafe co_session_minimum(pointer) == TLS1_VERSION }
}
