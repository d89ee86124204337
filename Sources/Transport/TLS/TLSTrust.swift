/// Whom a client believes to be the server it looks for.
package enum TLSTrust: Hashable, Sendable {
  /// Whoever answers: the connection is hidden from listeners and open to impostors (RFC 7435 §1).
  case anyone
  /// Holders of a certificate for the server's name from an authority that the system trusts.
  case systemAuthorities
  /// The same with the authorities, or the server's own certificate, in a PEM file or in the files of a directory.
  case authorities(path: String)
  /// Holders of a certificate with one of these SHA-256 hashes, each of ``KeyDerivation/hashBytes``
  /// octets, whatever its name, its authority and its dates say.
  ///
  /// A hash is that of the certificate, as `openssl x509 -fingerprint -sha256` prints it, or that of its
  /// public key (`SubjectPublicKeyInfo`, as RFC 7469 §2.4 has it), which outlives a renewal that keeps
  /// the key. Of the chain only the server's own certificate counts.
  case fingerprints([[UInt8]])
}
