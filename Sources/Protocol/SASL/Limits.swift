/// The bounds of what an authentication exchange holds.
package enum Limits {
  /// Octets of a user name or authorization identity; a server must take 255 (RFC 4616 §2).
  package static let userNameBytes = 255
  /// Octets of a password; a server must take 255 (RFC 4616 §2).
  package static let passwordBytes = 255
  /// Octets of the longest decoded message: PLAIN's three parts and the two NUL between them.
  ///
  /// SCRAM's messages have room in it with any name that a user here may have.
  package static let messageBytes = 2 * userNameBytes + passwordBytes + 2
  /// Characters of a client's nonce of SCRAM; RFC 5802 has no bound, and clients send 20 to 64.
  ///
  /// The challenge repeats it, and so fits a line of 512 octets with the longest salt.
  static let nonceBytes = 128
  /// Random octets of the server's part of a nonce of SCRAM, so that no two are ever equal.
  package static let serverNonceBytes = 18
  /// Octets of a proof of SCRAM: those of a SHA-256 hash (RFC 7677 §3).
  static let proofBytes = 32
  /// Random octets of the client's part of a nonce of SCRAM; RFC 5802 §5.1 leaves the number open.
  package static let clientNonceBytes = 18
  /// Octets of a challenge that the client's side reads, as much as a reply line can carry.
  static let challengeBytes = 512
  /// Rounds of hashing that a server may ask of the client's side.
  ///
  /// RFC 7677 §4 has 4,096 as the least: with fewer an impostor would learn more of the password. The
  /// most is what a small board can work out in a second or two, for one connection.
  static let clientIterations = 4096...1_000_000
}
