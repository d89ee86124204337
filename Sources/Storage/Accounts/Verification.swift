/// The answer to a user name and a password.
///
/// Indirect, because every function that waits for one has room for it, and sessions keep that.
package indirect enum Verification: Sendable {
  /// They belong together.
  case verified(User)
  /// They do not, or there is no such user: which of the two is nobody's business.
  case wrong
  /// It cannot be found out now; the text is for the log.
  case temporary(String)
}
