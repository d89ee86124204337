internal import COpenSSL

/// Text in the form of RFC 7468, read or written piece by piece.
@safe
struct PEM: ~Copyable {
  let buffer: OpaquePointer

  /// A text to read from, or to append to.
  init(_ text: [UInt8] = []) {
    OpenSSL.start()
    guard let buffer = unsafe BIO_new(BIO_s_mem()) else { preconditionFailure("out of memory") }
    unsafe self.buffer = buffer
    if text.isEmpty { return }
    let written = unsafe text.withUnsafeBytes {
      unsafe BIO_write(buffer, $0.baseAddress, Int32($0.count))
    }
    precondition(written == text.count, "out of memory")
  }

  deinit { unsafe BIO_free_all(buffer) }

  /// The next certificate; nil at the end of the text, and where the text is none.
  mutating func nextCertificate() -> Certificate? {
    ERR_clear_error()
    guard let pointer = unsafe PEM_read_bio_X509(buffer, nil, refuseToAsk, nil) else { return nil }
    return unsafe Certificate(owning: pointer)
  }

  /// The next private key; nil where there is none that can be read without a passphrase.
  mutating func nextPrivateKey() -> PrivateKey? {
    ERR_clear_error()
    guard let pointer = unsafe PEM_read_bio_PrivateKey(buffer, nil, refuseToAsk, nil) else {
      return nil
    }
    return unsafe PrivateKey(owning: pointer)
  }

  /// Whether the last reading stopped at the end of the text, not at something malformed.
  var isAtEnd: Bool {
    let code = ERR_peek_last_error()
    return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
  }

  /// Appends a certificate.
  mutating func append(_ certificate: borrowing Certificate) -> Bool {
    unsafe PEM_write_bio_X509(buffer, certificate.pointer) == 1
  }

  /// Appends a private key, not encrypted.
  mutating func append(_ key: borrowing PrivateKey) -> Bool {
    unsafe PEM_write_bio_PrivateKey(buffer, key.pointer, nil, nil, 0, nil, nil) == 1
  }

  /// Everything that was not read.
  consuming func text() -> [UInt8] {
    let count = unsafe BIO_ctrl_pending(buffer)
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
      filled = max(0, Int(unsafe BIO_read(buffer, bytes.baseAddress, Int32(count))))
    }
  }
}

/// Stands in for OpenSSL's default, which asks for a passphrase on the terminal and waits.
private func refuseToAsk(
  _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 { -1 }
