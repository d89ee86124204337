internal import CLinux
import TLS

/// A password hash of crypt(3), taken over from another system.
///
/// Only the methods that start with `$`: a hash of the oldest one, DES, cannot be told from a
/// password that was written into the file in clear.
package struct CryptHash: Equatable, Sendable {
  /// The hash with its method and salt: `$6$salt$hash`.
  let text: String

  /// The hash that is spelled so; nil if crypt(3) cannot verify with it.
  init?(_ text: Substring) {
    guard
      (1...Int(CRYPT_OUTPUT_SIZE)).contains(text.utf8.count),
      text.utf8.first == UInt8(ascii: "$"),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") })
    else { return nil }
    let text = String(text)
    let isKnown = unsafe [CRYPT_SALT_OK, CRYPT_SALT_METHOD_LEGACY, CRYPT_SALT_TOO_CHEAP].contains(
      crypt_checksalt(text))
    guard isKnown else { return nil }
    self.text = text
  }

  /// What stands before salt and hash: the method and what it costs.
  var method: String {
    let fields = text.utf8.split(
      separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
    // bcrypt writes salt and hash as one field, scrypt N, r, p and salt.
    var method = fields.dropLast(isBcrypt ? 1 : 2).map { String(Substring($0)) }
    if text.hasPrefix("$7$"), fields.count > 2 {
      method.append(String(Substring(fields[2].prefix(Self.scryptCostLength))))
    }
    return method.joined(separator: "$")
  }

  private var isBcrypt: Bool { text.hasPrefix("$2") }

  /// One character for N, five each for r and p.
  private static let scryptCostLength = 11

  /// Whether it tells the password from every other one; bcrypt looks at its first 72 octets alone, which
  /// longer passwords may have too.
  func covers(_ password: [UInt8]) -> Bool { !isBcrypt || password.count < 72 }

  /// Whether it is the password; nil when that cannot be found out now.
  ///
  /// Slow on purpose, and for `$y$` 16 MB of memory for a moment: for a worker thread.
  func accepts(_ password: [UInt8]) -> Bool? {
    // A C string ends at its first zero: what stands behind would not be looked at.
    if password.contains(0) { return false }
    #if FAULT_INJECTION
      count()
    #endif
    let work = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
    defer { unsafe work.deallocate() }
    unsafe memset(work, 0, MemoryLayout<crypt_data>.size)
    let phrase = password.map { CChar(bitPattern: $0) } + [0]
    guard let result = unsafe crypt_r(phrase, text, work) else { return nil }
    let hash = unsafe String(cString: result)
    // The prefix of a failure token, which no hash has: no memory, or a phrase that is too long.
    if hash.utf8.first == UInt8(ascii: "*") { return nil }
    return KeyDerivation.constantTimeEquals(Array(hash.utf8), Array(text.utf8))
  }
}
