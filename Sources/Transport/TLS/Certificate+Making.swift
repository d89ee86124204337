internal import COpenSSL

/// The kinds of keys that we make.
enum KeyKind: Equatable, Sendable {
  /// P-256: short, quick, and known to every client of this time.
  case ecdsa
  /// 2,048 bits, for clients that know no elliptic curves.
  case rsa
}

/// A certificate that may sign others, and its key.
struct Authority: ~Copyable {
  let certificate: Certificate
  let key: PrivateKey

  /// Whether a certificate has a signature of this key.
  borrowing func hasSigned(_ other: borrowing Certificate) -> Bool {
    ERR_clear_error()
    return unsafe X509_check_issued(certificate.pointer, other.pointer) == X509_V_OK
      && X509_verify(other.pointer, X509_get0_pubkey(certificate.pointer)) == 1
  }
}

extension PrivateKey {
  /// A new key; one of RSA costs a slow machine some seconds.
  static func make(_ kind: KeyKind) -> PrivateKey {
    OpenSSL.start()
    guard let pointer = unsafe kind == .rsa ? co_generate_rsa2048() : co_generate_p256() else {
      preconditionFailure("out of memory")
    }
    return unsafe PrivateKey(owning: pointer)
  }

  /// The kind of the key; nil for one that we do not make.
  var kind: KeyKind? {
    switch unsafe EVP_PKEY_get_base_id(pointer) {
    case EVP_PKEY_EC: .ecdsa
    case EVP_PKEY_RSA: .rsa
    default: nil
    }
  }
}

extension Certificate {
  /// The organization in the names of our authorities: by it our certificates are known for ours.
  private static let maker = "Gatepost"

  /// Makes a certificate that `authority` signs, or the key itself.
  ///
  /// - Parameters:
  ///   - subject: the common name, of at most 64 characters.
  ///   - from: the start of the validity, Unix time in seconds.
  ///   - until: its end.
  ///   - extensions: the number of each, and its value as in a configuration of openssl(1).
  static func make(
    for key: borrowing PrivateKey, subject: String, from: Int64, until: Int64,
    by authority: borrowing Authority, extensions: [(Int32, String)]
  ) throws(TLSError) -> Certificate {
    unsafe try make(
      for: key, subject: subject, from: from, until: until, issuer: authority.certificate.pointer,
      signer: authority.key.pointer, extensions)
  }

  /// The same for a certificate that signs itself.
  static func make(
    for key: borrowing PrivateKey, subject: String, from: Int64, until: Int64,
    extensions: [(Int32, String)]
  ) throws(TLSError) -> Certificate {
    unsafe try make(
      for: key, subject: subject, from: from, until: until, issuer: nil, signer: key.pointer,
      extensions)
  }

  private static func make(
    for key: borrowing PrivateKey, subject: String, from: Int64, until: Int64,
    issuer: OpaquePointer?, signer: OpaquePointer, _ extensions: [(Int32, String)]
  ) throws(TLSError) -> Certificate {
    guard let pointer = unsafe X509_new() else { preconditionFailure("out of memory") }
    let certificate = unsafe Certificate(owning: pointer)
    ERR_clear_error()
    let name = unsafe X509_get_subject_name(pointer)
    let isFilled =
      unsafe X509_set_version(pointer, Int(X509_VERSION_3)) == 1
      && setSerialNumber(of: pointer)
      && ASN1_TIME_set(X509_getm_notBefore(pointer), Int(from)) != nil
      && ASN1_TIME_set(X509_getm_notAfter(pointer), Int(until)) != nil
      && (issuer != nil || add(maker, NID_organizationName, to: name))
      && add(subject, NID_commonName, to: name)
      && X509_set_issuer_name(pointer, issuer.map { unsafe X509_get_subject_name($0) } ?? name) == 1
      && X509_set_pubkey(pointer, key.pointer) == 1
      && extensions.allSatisfy {
        unsafe co_add_extension(pointer, issuer ?? pointer, $0.0, $0.1) == 1
      }
      && X509_sign(pointer, signer, EVP_sha256()) > 0
    if !isFilled { throw OpenSSL.takeError() }
    return certificate
  }

  private static func add(_ text: String, _ kind: Int32, to name: OpaquePointer?) -> Bool {
    let text = Array(text.utf8)
    return unsafe X509_NAME_add_entry_by_NID(
      name, kind, MBSTRING_UTF8, text, Int32(text.count), -1, 0) == 1
  }

  /// Gives a random number, so that a client can tell a new certificate from the one it knows.
  private static func setSerialNumber(of certificate: OpaquePointer) -> Bool {
    guard let number = unsafe BN_new() else { return false }
    defer { unsafe BN_free(number) }
    // Positive, and at most 20 bytes long (RFC 5280 §4.1.2.2).
    return unsafe BN_rand(number, 126, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
      && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
  }

  /// Whether this program has made the certificate, in this version or an earlier one.
  var isMadeHere: Bool {
    unsafe Self.text(of: NID_organizationName, in: X509_get_issuer_name(pointer)) == Self.maker
      || isOfFirstVersion
  }

  /// Whether it is the self-signed certificate that the first version made: it began, or its ten years were counted
  /// from, the start of 2026, and it has one name and five extensions.
  private var isOfFirstVersion: Bool {
    let subject = unsafe X509_get_subject_name(pointer)
    let isInTime =
      notBefore == Limits.earliestMaking
      || notAfter == Limits.earliestMaking + 3650 * 86_400
    return unsafe isInTime && X509_NAME_cmp(subject, X509_get_issuer_name(pointer)) == 0
      && X509_NAME_entry_count(subject) == 1 && X509_get_ext_count(pointer) == 5
  }

  /// The first common name of the subject; nil where it has none.
  var commonName: String? {
    unsafe Self.text(of: NID_commonName, in: X509_get_subject_name(pointer))
  }

  private static func text(of kind: Int32, in name: OpaquePointer?) -> String? {
    let index = unsafe X509_NAME_get_index_by_NID(name, kind, -1)
    guard index >= 0 else { return nil }
    let value = unsafe X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index))
    var text: UnsafeMutablePointer<UInt8>?
    let count = unsafe ASN1_STRING_to_UTF8(&text, value)
    guard count >= 0, let bytes = unsafe text else { return nil }
    defer { unsafe co_free(bytes) }
    return unsafe String(
      decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
  }
}
