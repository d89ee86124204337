/// The machine's half of an error: what the client may do about it (RFC 2449 §8, RFC 3206).
package enum ResponseCode: String, Sendable {
  /// The name or the password is wrong, so asking the user again makes sense (RFC 3206 §5).
  case authentication = "AUTH"
  /// Another session holds the maildrop (RFC 2449 §8.1.2).
  case inUse = "IN-USE"
  /// The user has logged in a moment ago (RFC 2449 §8.1.1).
  case loginDelay = "LOGIN-DELAY"
  /// Nothing the user did: the same may work later (RFC 3206 §4).
  case temporary = "SYS/TEMP"
  /// The same will not work until somebody mends it (RFC 3206 §4).
  case permanent = "SYS/PERM"
}
