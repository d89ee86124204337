/// The bounds of a POP3 session.
package enum Limits {
  /// Octets of a command line with its CRLF (RFC 2449 §4).
  package static let commandLineBytes = 255
  /// Octets of a line that answers a challenge, with its CRLF: the longest PLAIN message that a
  /// server must take (RFC 4616 §2), in base 64.
  ///
  /// The messages of SCRAM are shorter.
  package static let responseLineBytes = 1026
  /// Commands that are unknown, malformed or out of place, before the session is closed.
  package static let badCommands = 10
  /// Wrong passwords before the session is closed.
  package static let failedLogins = 3
  /// Octets of a unique-id (RFC 1939 §7).
  package static let uniqueIDBytes = 70
  /// Silence before the session is closed; at least 10 minutes (RFC 1939 §3).
  package static let autologout = Duration.seconds(600)
}
