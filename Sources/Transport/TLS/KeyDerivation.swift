internal import COpenSSL

/// The hashes that passwords and message digests need, as OpenSSL computes them.
///
/// **Failures**: none but exhausted memory, which ends the process as it does everywhere in Swift.
package enum KeyDerivation {
  /// The number of bytes in a SHA-256 hash.
  package static let hashBytes = 32

  /// The SHA-256 hash of `message` (RFC 6234 §4.1).
  package static func sha256(_ message: [UInt8]) -> [UInt8] {
    OpenSSL.start()
    return unsafe filled { output in
      unsafe message.withUnsafeBytes { message in
        unsafe EVP_Digest(message.baseAddress, message.count, output, nil, EVP_sha256(), nil)
      }
    }
  }

  /// The MD5 hash of `message`, of 16 bytes, for APOP (RFC 1939 §7) and nothing else.
  ///
  /// - Returns: nil where the library has no MD5, as its FIPS module has not.
  package static func md5(_ message: [UInt8]) -> [UInt8]? {
    OpenSSL.start()
    var isDone = false
    let hash = unsafe [UInt8](unsafeUninitializedCapacity: 16) { output, count in
      isDone = unsafe message.withUnsafeBytes { message in
        unsafe EVP_Digest(
          message.baseAddress, message.count, output.baseAddress, nil, EVP_md5(), nil) == 1
      }
      count = isDone ? 16 : 0
    }
    return isDone ? hash : nil
  }

  /// The keyed hash of `message` (RFC 2104 §2).
  package static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    OpenSSL.start()
    return unsafe filled { output in
      unsafe key.withUnsafeBytes { key in
        unsafe message.withUnsafeBufferPointer { message in
          let result = unsafe HMAC(
            EVP_sha256(), key.baseAddress, Int32(key.count), message.baseAddress, message.count,
            output, nil)
          return unsafe result == nil ? 0 : 1
        }
      }
    }
  }

  /// The keyed MD5 hash of `message`, of 16 bytes, for CRAM-MD5 (RFC 2195 §2) and nothing else.
  ///
  /// - Returns: nil where the library has no MD5, as its FIPS module has not.
  package static func hmacMD5(key: [UInt8], _ message: [UInt8]) -> [UInt8]? {
    OpenSSL.start()
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 16) { output, count in
      unsafe key.withUnsafeBytes { key in
        unsafe message.withUnsafeBufferPointer { message in
          // An empty key is a key, and no pointer would mean that there is none.
          var none: UInt8 = 0
          let result = unsafe withUnsafePointer(to: &none) { none in
            unsafe HMAC(
              EVP_md5(), key.baseAddress ?? UnsafeRawPointer(none), Int32(key.count),
              message.baseAddress, message.count, output.baseAddress, nil)
          }
          count = unsafe result == nil ? 0 : 16
        }
      }
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// A key of 32 bytes from a password (PBKDF2, RFC 8018 §5.2; the `Hi` of RFC 5802 §2.2).
  ///
  /// Slow on purpose, 0.33 ms for 1,000 iterations on a processor with SHA instructions and several
  /// times that on one without: to be called on a worker thread.
  package static func pbkdf2SHA256(
    password: [UInt8], salt: [UInt8], iterations: Int
  ) -> [UInt8] {
    OpenSSL.start()
    precondition((1...Int(Int32.max)).contains(iterations), "iterations count from 1")
    #if FAULT_INJECTION
      count(iterations)
    #endif
    return unsafe filled { output in
      unsafe password.withUnsafeBytes { password in
        unsafe salt.withUnsafeBufferPointer { salt in
          unsafe PKCS5_PBKDF2_HMAC(
            password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(password.count),
            salt.baseAddress, Int32(salt.count), Int32(iterations), EVP_sha256(),
            Int32(hashBytes), output)
        }
      }
    }
  }

  /// Whether two secrets are equal, in a time that tells nothing of where they differ.
  ///
  /// Their lengths are not secret.
  package static func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBytes { left in
      unsafe right.withUnsafeBytes { right in
        unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
      }
    }
  }

  /// What `body` writes, where it returns 1 as OpenSSL's functions do.
  private static func filled(_ body: (UnsafeMutablePointer<UInt8>) -> Int32) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: hashBytes) { buffer, count in
      guard let output = buffer.baseAddress, unsafe body(output) == 1 else {
        preconditionFailure("OpenSSL has no SHA-256 or no memory")
      }
      count = hashBytes
    }
  }
}
