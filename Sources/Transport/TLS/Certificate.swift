internal import COpenSSL

/// A certificate in OpenSSL's form, freed when the value ends.
@safe
struct Certificate: ~Copyable {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe X509_free(pointer) }

  /// The begin of the validity, Unix time in seconds; the distant past where it cannot be read.
  var notBefore: Int64 { unsafe co_not_before(pointer) }

  /// The end of the validity, Unix time in seconds; the distant past where it cannot be read.
  var notAfter: Int64 { unsafe co_not_after(pointer) }
}

/// A private key in OpenSSL's form, wiped and freed when the value ends.
@safe
struct PrivateKey: ~Copyable {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe EVP_PKEY_free(pointer) }

  /// Whether the certificate is for this key.
  borrowing func belongs(to certificate: borrowing Certificate) -> Bool {
    ERR_clear_error()
    return unsafe X509_check_private_key(certificate.pointer, pointer) == 1
  }
}
