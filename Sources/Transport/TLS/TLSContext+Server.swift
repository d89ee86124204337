internal import COpenSSL
internal import Platform

extension TLSContext {
  /// A context for the server side, with the host's certificates and keys read from PEM files.
  ///
  /// A certificate file holds the host's own certificate first, then those that lead to a root; the
  /// key file may be the same file. Of several certificates with keys of different kinds each client gets the one
  /// that it can use. Sessions are resumed by tickets, so that nothing is kept here for a client that may not come
  /// back.
  ///
  /// `minimum` is `.tls10` for old devices and for nobody else. A device that knows no elliptic curves
  /// needs a certificate with an RSA key, too.
  ///
  /// **Failures**: `TLSError.file`, with the path and what to do. A certificate that has expired is
  /// served all the same: most devices on a LAN do not look, and no TLS helps nobody.
  // Limitation: the key of the tickets lives as long as the context, so whoever steals it can read
  // the TLS 1.2 sessions of that time that were resumed. TLS 1.3 resumes with fresh keys.
  package static func server(
    _ files: [CertificateFiles], minimum: TLSVersion = .tls12
  ) throws(TLSError) -> TLSContext {
    precondition(!files.isEmpty, "a server has a certificate")
    let context = try unsafe TLSContext(TLS_server_method(), minimum: minimum)
    var kinds: [String: String] = [:]
    for files in files {
      let pair = try CertificatePair(files)
      if let other = kinds.updateValue(files.certificate, forKey: pair.keyKind) {
        throw .file(
          path: files.certificate,
          reason:
            "has a key of the same kind (\(pair.keyKind)) as \(other): only one of both can be served"
        )
      }
      try pair.install(in: context)
    }
    // The default of two is for browsers, which open many connections at once.
    _ = unsafe SSL_CTX_set_num_tickets(context.pointer, 1)
    // For clients whose key exchange is neither RSA nor that of elliptic curves.
    unsafe co_set_automatic_dh(context.pointer)
    return context
  }

  /// When the server's certificate ends, Unix time in seconds; nil on the client side.
  package var certificateExpiry: Int64? {
    guard let certificate = unsafe SSL_CTX_get0_certificate(pointer) else { return nil }
    return unsafe co_not_after(certificate)
  }
}
