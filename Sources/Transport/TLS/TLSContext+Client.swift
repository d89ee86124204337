internal import COpenSSL
internal import Platform

extension TLSContext {
  /// A context for the client side.
  ///
  /// - Parameter hasShortHello: whether the first message leaves out what makes it longer than a packet, the shares for
  ///   key exchange that is safe from quantum computers: there are firewalls that drop the second packet.
  ///
  /// **Failures**: `TLSError.file` where `trust` names files without certificates, `TLSError.broken` where
  /// `openssl.cnf` leaves no version.
  package static func client(
    trust: TLSTrust, minimum: TLSVersion = .tls12, hasShortHello: Bool = false
  ) throws(TLSError) -> TLSContext {
    if case .fingerprints(let hashes) = trust {
      precondition(!hashes.isEmpty, "nobody has none of no fingerprints")
    }
    let context = try unsafe TLSContext(TLS_client_method(), minimum: minimum, trust: trust)
    unsafe co_note_requests(context.pointer)
    if hasShortHello {
      _ = unsafe co_leave_out_large_groups(context.pointer)
      ERR_clear_error()
    }
    switch trust {
    case .fingerprints:
      // The session looks for itself when the handshake is over, before anything is sent.
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
    case .anyone:
      // A weak key still hides more than the plain text that would be sent instead of it. A level above the usual
      // one is the admin's, in openssl.cnf.
      if unsafe SSL_CTX_get_security_level(context.pointer) == 2 {
        unsafe SSL_CTX_set_security_level(context.pointer, 1)
      }
      // Nor is a session lost that could be taken over: whoever can do that could have been the server (RFC 5746).
      unsafe co_allow_legacy_servers(context.pointer)
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
    case .systemAuthorities:
      _ = unsafe SSL_CTX_set_default_verify_dir(context.pointer)
      if SystemAuthorities.needBundle {
        _ = unsafe SSL_CTX_set_default_verify_file(context.pointer)
        ERR_clear_error()
      }
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
    case .authorities(let path):
      try AuthorityFiles(at: path).add(to: context)
      unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
    }
    return context
  }
}

/// The authorities of the machine, where OpenSSL looks for them: `SSL_CERT_DIR` and `SSL_CERT_FILE`, or the places
/// that the distribution has built in.
enum SystemAuthorities {
  /// Whether the bundle is to be read: it is named, or no directory has the links by which OpenSSL searches it.
  ///
  /// Where there are links the bundle holds the same authorities, and costs 830 KB of memory.
  static var needBundle: Bool {
    if unsafe getenv(X509_get_default_cert_file_env()) != nil { return true }
    return !directories.contains(where: hasLinks)
  }

  /// Where they are: the directories and the bundle.
  static var places: [String] {
    let named = unsafe getenv(X509_get_default_cert_file_env()).map { unsafe String(cString: $0) }
    return unsafe directories + [named ?? String(cString: X509_get_default_cert_file())]
  }

  private static var directories: [String] {
    let named = unsafe getenv(X509_get_default_cert_dir_env()).map { unsafe String(cString: $0) }
    return unsafe (named ?? String(cString: X509_get_default_cert_dir())).split(separator: ":")
      .map(String.init)
  }

  /// Whether a file of the directory has a name by which OpenSSL looks for an authority, as `5ed36f99.0`.
  private static func hasLinks(_ path: String) -> Bool {
    do throws(SystemError) {
      return try Directory(path: path).entryNames().contains { name in
        let name = Array(name.utf8)
        return name.count > 9 && name[8] == UInt8(ascii: ".") && name[..<8].allSatisfy(\.isHexDigit)
      }
    } catch {
      return false
    }
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
  }
}
