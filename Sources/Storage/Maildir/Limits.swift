/// The bounds of what is kept of a maildrop.
package enum Limits {
  /// Messages of one maildrop that a session sees; the others appear when these are removed.
  ///
  /// A message costs about 100 bytes of memory while a session is open.
  package static let messages = 100_000
  /// Octets of a unique-id (RFC 1939 §7).
  package static let uniqueIDBytes = 70
}
