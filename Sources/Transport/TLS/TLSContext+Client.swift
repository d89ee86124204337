internal import COpenSSL

extension TLSContext {
  /// A context for the client side.
  ///
  /// **Failures**: `TLSError.file` where `trust` names a file without certificates.
  package static func client(
    trust: TLSTrust, minimum: TLSVersion = .tls12
  ) throws(TLSError) -> TLSContext {
    var fingerprints: [[UInt8]] = []
    if case .fingerprints(let hashes) = trust {
      precondition(!hashes.isEmpty, "nobody has none of no fingerprints")
      fingerprints = hashes
    }
    let context = unsafe TLSContext(
      TLS_client_method(), minimum: minimum, fingerprints: fingerprints)
    switch trust {
    case .fingerprints:
      // The session looks for itself when the handshake is over, before anything is sent.
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
    case .anyone:
      // A weak key still hides more than the plain text that would be sent instead of it.
      unsafe SSL_CTX_set_security_level(context.pointer, 1)
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
    case .systemAuthorities:
      // The directory with one file an authority, not the bundle: that costs 830 KB of memory.
      _ = unsafe SSL_CTX_set_default_verify_dir(context.pointer)
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
    case .authorities(let path):
      try context.addAuthorities(from: path)
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
    }
    return context
  }

  private func addAuthorities(from path: String) throws(TLSError) {
    var text = PEM(try CertificatePair.read(path))
    var count = 0
    while let authority = text.nextCertificate() {
      count += 1
      let store = unsafe SSL_CTX_get_cert_store(pointer)
      guard unsafe X509_STORE_add_cert(store, authority.pointer) == 1 else {
        preconditionFailure("out of memory")
      }
    }
    guard count > 0, text.isAtEnd else {
      throw .file(
        path: path,
        reason: count == 0
          ? "holds no certificate in PEM form" : "certificate \(count + 1) is malformed")
    }
  }
}
