internal import COpenSSL

/// The SHA-256 hashes by which a certificate is known without any authority.
enum Fingerprint {
  /// That of the certificate, and that of its public key.
  static func of(_ certificate: OpaquePointer) -> [[UInt8]] {
    let whole = unsafe encoding { unsafe i2d_X509(certificate, $0) }
    let key = unsafe encoding { output in
      unsafe i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), output)
    }
    return [KeyDerivation.sha256(whole), KeyDerivation.sha256(key)]
  }

  /// A hash in hexadecimal digits.
  static func text(_ hash: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The octets that an encoder of OpenSSL writes, which is asked for their number first.
  private static func encoding(
    _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
  ) -> [UInt8] {
    let length = encode(nil)
    precondition(length > 0, "OpenSSL has read the certificate")
    return unsafe [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
      var end = buffer.baseAddress
      count = unsafe Int(encode(&end))
    }
  }
}
