internal import COpenSSL

/// What clients look at.
extension Certificate {
  /// The DNS names among the alternative names, in lower case; the first hundred.
  var names: [String] { unsafe Self.names(of: pointer) }

  /// The DNS names among the alternative names of a certificate, in lower case; the first hundred.
  static func names(of certificate: OpaquePointer) -> [String] {
    var names: [String] = []
    while names.count < Limits.names,
      let name = unsafe co_dns_name(certificate, Int32(names.count))
    {
      unsafe names.append(String(cString: name).lowercased().printable)
      unsafe co_free(name)
    }
    return names
  }

  /// Whether servers may prove themselves with it: its extended key usage says so, or there is none.
  var isForServers: Bool {
    unsafe X509_check_purpose(pointer, X509_PURPOSE_SSL_SERVER, 0) == 1
  }

  /// The kind of the key, in OpenSSL's words but for the two usual ones.
  var keyKind: String {
    let key = unsafe X509_get0_pubkey(pointer)
    switch unsafe EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_EC: return "ECDSA"
    case EVP_PKEY_RSA: return "RSA"
    case let kind: return unsafe OBJ_nid2sn(kind).map { unsafe String(cString: $0) } ?? "unknown"
    }
  }

  /// The SHA-256 hash of the certificate in hexadecimal digits, as `fingerprint=` takes it.
  var fingerprint: String { unsafe Fingerprint.text(Fingerprint.of(pointer)[0]) }

  /// A name in one line, such as `CN=R10,O=Let's Encrypt,C=US`, without control characters.
  private static func line(_ name: OpaquePointer?) -> String {
    let text = PEM()
    _ = unsafe X509_NAME_print_ex(text.buffer, name, 0, co_name_flags())
    return String(decoding: text.text(), as: UTF8.self)
  }

  /// The issuer's name at the end of a chain that leads to no root.
  ///
  /// - Parameters:
  ///   - chain: the certificates after this one in its file.
  ///   - context: has the roots.
  func missingIssuer(chain: borrowing PEM, context: TLSContext) -> String? {
    let store = unsafe SSL_CTX_get_cert_store(context.pointer)
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard let last = unsafe co_last_without_issuer(pointer, chain.buffer, store) else { return nil }
    defer { unsafe X509_free(last) }
    return unsafe Self.line(X509_get_issuer_name(last))
  }
}

extension String {
  /// The text with a `?` for each octet that is no letter, digit or sign of ASCII: it is for logs and terminals.
  var printable: String {
    String(
      decoding: utf8.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
