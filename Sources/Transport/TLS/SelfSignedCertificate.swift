internal import COpenSSL
internal import Platform

/// The certificate that a host makes for itself when nobody has given it one.
///
/// It hides mail and passwords from listeners; a client trusts it once the user has said so. It is
/// for one host name, may be used by a TLS server only, and can sign no other certificate: a key
/// that leaks from the box must not let its finder play any other server.
package enum SelfSignedCertificate {
  /// A certificate and its key, both as PEM text.
  package struct Pair: Equatable, Sendable {
    /// The certificate.
    package var certificatePEM: [UInt8]
    /// The private key, not encrypted.
    package var keyPEM: [UInt8]
  }

  /// Makes a P-256 key and a certificate for it that is valid for ten years.
  ///
  /// Where `now`, Unix time in seconds, lies before this program was written, the years count from
  /// then.
  ///
  /// **Failures**: `TLSError.broken` where `hostName` is no host name of letters, digits, hyphens and
  /// dots (RFC 952), as other characters have a meaning in the certificate.
  package static func make(
    hostName: String, now: Int64 = WallClock.now
  ) throws(TLSError) -> Pair {
    // From the start of the range too, for a client whose clock is behind ours.
    try make(
      hostName: hostName, from: min(now, Limits.earliestMaking),
      until: max(now, Limits.earliestMaking) + Limits.selfSignedSeconds)
  }

  static func make(
    hostName: String, from: Int64, until: Int64
  ) throws(TLSError) -> Pair {
    guard isHostName(hostName) else {
      throw .broken(reason: "no certificate can be made for the host name \"\(hostName)\"")
    }
    OpenSSL.start()
    guard let rawKey = unsafe co_generate_p256(), let rawCertificate = unsafe X509_new() else {
      preconditionFailure("out of memory")
    }
    let key = unsafe PrivateKey(owning: rawKey)
    let certificate = unsafe Certificate(owning: rawCertificate)
    var certificateText = PEM()
    var keyText = PEM()
    guard fill(certificate, hostName: hostName, key: key, from: from, until: until),
      certificateText.append(certificate), keyText.append(key)
    else { throw OpenSSL.takeError() }
    return Pair(certificatePEM: certificateText.text(), keyPEM: keyText.text())
  }

  private static func fill(
    _ certificate: borrowing Certificate, hostName: String, key: borrowing PrivateKey, from: Int64,
    until: Int64
  ) -> Bool {
    let pointer = unsafe certificate.pointer
    // The common name is for people, may have 64 characters, and is what no client compares where
    // there is an alternative name (RFC 6125 §6.4.4).
    let commonName = hostName.utf8.count <= 64 ? hostName : "mail gateway"
    let name = unsafe X509_get_subject_name(pointer)
    return unsafe X509_set_version(pointer, Int(X509_VERSION_3)) == 1
      && setSerialNumber(of: certificate)
      && ASN1_TIME_set(X509_getm_notBefore(pointer), Int(from)) != nil
      && ASN1_TIME_set(X509_getm_notAfter(pointer), Int(until)) != nil
      && X509_NAME_add_entry_by_NID(
        name, NID_commonName, MBSTRING_UTF8, Array(commonName.utf8), Int32(commonName.utf8.count),
        -1, 0) == 1
      && X509_set_issuer_name(pointer, name) == 1
      && X509_set_pubkey(pointer, key.pointer) == 1
      && co_add_extension(pointer, NID_subject_alt_name, "DNS:\(hostName)") == 1
      && co_add_extension(pointer, NID_basic_constraints, "critical,CA:FALSE") == 1
      && co_add_extension(pointer, NID_key_usage, "critical,digitalSignature") == 1
      && co_add_extension(pointer, NID_ext_key_usage, "serverAuth") == 1
      && co_add_extension(pointer, NID_subject_key_identifier, "hash") == 1
      && X509_sign(pointer, key.pointer, EVP_sha256()) > 0
  }

  /// Gives a random number, so that a client can tell a new certificate from the one it knows.
  private static func setSerialNumber(of certificate: borrowing Certificate) -> Bool {
    guard let number = unsafe BN_new() else { return false }
    defer { unsafe BN_free(number) }
    // Positive, and at most 20 bytes long (RFC 5280 §4.1.2.2).
    return unsafe BN_rand(number, 126, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
      && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.pointer)) != nil
  }

  private static func isHostName(_ name: String) -> Bool {
    (1...Limits.hostNameBytes).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}
