package import SASL

/// What the driver of a session does next; after it the session may be at its end.
package enum Action: Sendable {
  /// Send the reply.
  case reply(Reply)
  /// Send the reply, forget whatever input came with the command, begin the TLS handshake, and
  /// call `tlsEstablished` (RFC 2595 §4).
  case startTLS(Reply)
  /// Check the password and open the maildrop; then call `open` or `refuseLogin`.
  ///
  /// There is no mechanism where the password came with PASS.
  case verify(user: String, password: [UInt8], mechanism: Mechanism?)
  /// Check the digest of APOP, made of the timestamp in the greeting and the secret, and open the
  /// maildrop; then call `open` or `refuseLogin`.
  case verifyDigest(user: String, timestamp: String, digest: [UInt8])
  /// Call `lookedUp` with what SCRAM has for this user, and the channel binding data of the kind with
  /// this registered name; or `refuseLogin`.
  case lookUp(user: String, binding: String?)
  /// Check the proof; then call `proofAccepted` or `refuseLogin`.
  case checkProof(SCRAMProof)
  /// Open the maildrop of this user, who has proved the password; then call `open` or `refuseLogin`.
  case logIn(user: String, mechanism: Mechanism)
  /// Send the lines that `appendListing` gives, piece by piece.
  case list
  /// Send a message: `messageOpened` or `messageUnavailable` is the status line, and the content
  /// ends as ``TopCut`` says where `bodyLines` is given.
  case send(index: Int, bodyLines: Int?)
  /// Remove these messages, then send what `updated` says.
  case update(removing: MessageSet)
}

/// Why a login did not open a maildrop.
package enum LoginRefusal: Sendable {
  /// No such user, or not this password; the client is not told which.
  case wrongCredentials
  /// The same, once too often: the session is over.
  case tooManyFailures
  /// Another session has the maildrop.
  case inUse
  /// A file could not be read, or the like.
  case temporary
  /// The user is not to read mail by POP3.
  case forbidden
  /// The user has read mail a moment ago.
  case tooSoon
}
