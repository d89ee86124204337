internal import COpenSSL
internal import Platform

extension TLSContext {
  /// A context for the server side, with the host's certificate and key read from PEM files.
  ///
  /// The certificate file holds the host's own certificate first, then those that lead to a root; the
  /// key file may be the same file. Sessions are resumed by tickets, so that nothing is kept here for
  /// a client that may not come back.
  ///
  /// `minimum` is `.tls10` for the listener of old devices and for no other. A device that knows
  /// neither elliptic curves nor TLS 1.2 needs a certificate with an RSA key, too.
  ///
  /// **Failures**: `TLSError.file`, with the path and what to do. A certificate that has expired is
  /// served all the same: most devices on a LAN do not look, and no TLS helps nobody.
  // Limitation: the key of the tickets lives as long as the context, so whoever steals it can read
  // the TLS 1.2 sessions of that time that were resumed. TLS 1.3 resumes with fresh keys.
  package static func server(
    certificatePath: String, keyPath: String, minimum: TLSVersion = .tls12
  ) throws(TLSError) -> TLSContext {
    let context = try unsafe TLSContext(TLS_server_method(), minimum: minimum)
    let pair = try CertificatePair(certificatePath: certificatePath, keyPath: keyPath)
    try pair.install(in: context)
    // The default of two is for browsers, which open many connections at once.
    _ = unsafe SSL_CTX_set_num_tickets(context.pointer, 1)
    return context
  }

  /// When the server's certificate ends, Unix time in seconds; nil on the client side.
  package var certificateExpiry: Int64? {
    guard let certificate = unsafe SSL_CTX_get0_certificate(pointer) else { return nil }
    return unsafe co_not_after(certificate)
  }
}
