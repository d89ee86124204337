/// The answer to a user name and a password.
package enum Verification: Sendable {
  /// They belong together.
  case verified(User)
  /// They do not, or there is no such user: which of the two is nobody's business.
  case wrong
  /// It cannot be found out now; the text is for the log.
  case temporary(String)
}
