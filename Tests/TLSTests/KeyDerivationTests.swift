import Testing

@testable import TLS

@Suite struct KeyDerivationTests {
  /// The vectors of FIPS 180-2, appendix B.
  @Test(
    "SHA-256 gives the published hashes",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func sha256(message: String, expected: String) {
    #expect(hexadecimal(KeyDerivation.sha256(Array(message.utf8))) == expected)
  }

  /// RFC 4231 §4.3 and §4.7; an empty key is HMAC's own edge.
  @Test(
    "HMAC-SHA-256 gives the published hashes",
    arguments: [
      (
        Array("Jefe".utf8), "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xAA, count: 131),
        "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
      ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ])
  func hmac(key: [UInt8], message: String, expected: String) {
    #expect(hexadecimal(KeyDerivation.hmacSHA256(key: key, Array(message.utf8))) == expected)
  }

  /// RFC 2195 §2, and RFC 2202 §2; an empty key is HMAC's own edge.
  @Test(
    "HMAC-MD5 gives the published hashes",
    arguments: [
      (
        Array("tanstaaftanstaaf".utf8), "<1896.697170952@postoffice.reston.mci.net>",
        "b913a602c7eda7a495b4e6e7334d3890"
      ),
      (Array("Jefe".utf8), "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
      (
        [UInt8](repeating: 0xAA, count: 80),
        "Test Using Larger Than Block-Size Key - Hash Key First",
        "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
      ),
      ([], "", "74e6f7298a9c2d168935f58c001bad88"),
    ])
  func hmacMD5(key: [UInt8], message: String, expected: String) {
    #expect(KeyDerivation.hmacMD5(key: key, Array(message.utf8)).map(hexadecimal) == expected)
  }

  /// RFC 7914 §11, the first 32 of the 64 bytes there.
  @Test(
    "PBKDF2 gives the published keys",
    arguments: [
      (
        "passwd", Array("salt".utf8), 1,
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
      ),
      (
        "Password", Array("NaCl".utf8), 80_000,
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
      ),
    ])
  func pbkdf2(password: String, salt: [UInt8], iterations: Int, expected: String) {
    let key = KeyDerivation.pbkdf2SHA256(
      password: Array(password.utf8), salt: salt, iterations: iterations)
    #expect(hexadecimal(key) == expected)
  }

  @Test("An empty password and an empty salt are taken as they are")
  func empty() {
    let key = KeyDerivation.pbkdf2SHA256(password: [], salt: [], iterations: 1)
    // One iteration of PBKDF2 is the HMAC of the salt and the block number (RFC 8018 §5.2).
    #expect(key == KeyDerivation.hmacSHA256(key: [], [0, 0, 0, 1]))
  }

  @Test("Secrets are equal when every byte is, and not when one or the length differs")
  func equality() {
    #expect(KeyDerivation.constantTimeEquals([1, 2, 3], [1, 2, 3]))
    #expect(KeyDerivation.constantTimeEquals([], []))
    #expect(!KeyDerivation.constantTimeEquals([1, 2, 3], [1, 2, 4]))
    #expect(!KeyDerivation.constantTimeEquals([1, 2, 3], [1, 2]))
    #expect(!KeyDerivation.constantTimeEquals([1, 2], [1, 2, 0]))
  }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
