/// The bounds of what an authentication exchange holds.
package enum Limits {
  /// Octets of a user name or authorization identity; a server must take 255 (RFC 4616 §2).
  package static let userNameBytes = 255
  /// Octets of a password; a server must take 255 (RFC 4616 §2).
  package static let passwordBytes = 255
  /// Octets of the longest decoded message: PLAIN's three parts and the two NUL between them.
  package static let messageBytes = 2 * userNameBytes + passwordBytes + 2
}
