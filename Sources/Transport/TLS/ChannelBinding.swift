internal import COpenSSL

/// A kind of data that names one TLS connection to both of its ends, by its registered name.
///
/// Whoever proves a password over such data proves it to this connection: an impostor between the
/// two ends has two connections, and the proof for one is worth nothing on the other.
package enum ChannelBinding: String, CaseIterable, Sendable {
  /// A secret of the session that nothing else is made of (RFC 9266 §2).
  case exporter = "tls-exporter"
  /// The hash of the server's certificate (RFC 5929 §4).
  case serverEndPoint = "tls-server-end-point"
  /// The first Finished message of the handshake, of TLS 1.2 and before (RFC 5929 §3).
  case unique = "tls-unique"
}

extension TLSSession {
  /// The channel binding data of this session, the same at both ends.
  ///
  /// - Returns: nil where this session has none that is safe: before the end of the handshake, without
  ///   an extended master secret in TLS 1.2 (RFC 9266 §4), of a kind that TLS 1.3 does not have, and for
  ///   a certificate whose signature names no hash.
  package borrowing func channelBinding(_ kind: ChannelBinding) -> [UInt8]? {
    guard unsafe SSL_is_init_finished(pointer) == 1 else { return nil }
    switch kind {
    case .exporter: return exportedBinding()
    case .serverEndPoint: return certificateHash()
    case .unique: return firstFinished()
    }
  }

  private borrowing func exportedBinding() -> [UInt8]? {
    guard isTLS13 || hasExtendedMasterSecret else { return nil }
    let label = "EXPORTER-Channel-Binding"
    return unsafe Self.filled(capacity: 32) { output in
      let result = unsafe SSL_export_keying_material(
        pointer, output, 32, label, label.utf8.count, nil, 0, 0)
      return result == 1 ? 32 : 0
    }
  }

  private borrowing func firstFinished() -> [UInt8]? {
    guard !isTLS13, hasExtendedMasterSecret else { return nil }
    // The client's is the first, but in a session that is resumed it is the server's.
    let isServer = unsafe SSL_is_server(pointer) == 1
    let isOurs = isServer == (unsafe SSL_session_reused(pointer) == 1)
    return unsafe Self.filled(capacity: Int(EVP_MAX_MD_SIZE)) { output in
      let space = Int(EVP_MAX_MD_SIZE)
      return isOurs
        ? unsafe SSL_get_finished(pointer, output, space)
        : unsafe SSL_get_peer_finished(pointer, output, space)
    }
  }

  private borrowing func certificateHash() -> [UInt8]? {
    let isServer = unsafe SSL_is_server(pointer) == 1
    let certificate =
      unsafe isServer
      ? SSL_get_certificate(pointer) : SSL_get0_peer_certificate(pointer)
    return unsafe certificate.flatMap { unsafe Self.serverEndPoint(of: $0) }
  }

  /// The binding data of kind `serverEndPoint` that a certificate makes.
  static func serverEndPoint(of certificate: OpaquePointer) -> [UInt8]? {
    guard let hash = unsafe bindingHash(of: certificate) else { return nil }
    return unsafe filled(capacity: Int(EVP_MAX_MD_SIZE)) { output in
      var count: UInt32 = 0
      return unsafe X509_digest(certificate, hash, output, &count) == 1 ? Int(count) : 0
    }
  }

  /// The hash of the certificate's signature, SHA-256 in place of the weak ones (RFC 5929 §4.1).
  private static func bindingHash(of certificate: OpaquePointer) -> OpaquePointer? {
    var hash: Int32 = 0
    guard unsafe X509_get_signature_info(certificate, &hash, nil, nil, nil) == 1 else { return nil }
    switch hash {
    case NID_md5, NID_sha1, NID_sha256: return unsafe EVP_sha256()
    case NID_sha224: return unsafe EVP_sha224()
    case NID_sha384: return unsafe EVP_sha384()
    case NID_sha512: return unsafe EVP_sha512()
    default: return nil
    }
  }

  private var isTLS13: Bool { unsafe SSL_version(pointer) >= TLS1_3_VERSION }

  private var hasExtendedMasterSecret: Bool {
    unsafe co_has_extended_master_secret(pointer) == 1
  }

  /// The bytes that `body` writes, whose number it returns; nil where that is 0.
  private static func filled(
    capacity: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int
  ) -> [UInt8]? {
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      guard let output = buffer.baseAddress else { preconditionFailure("out of memory") }
      count = unsafe body(output)
      precondition(count <= capacity, "OpenSSL writes no more than it has room for")
    }
    return bytes.isEmpty ? nil : bytes
  }
}
