package import Mail
package import SASL

/// What the driver of a server session does next.
///
/// Indirect, because every function of the driver that waits has room for one: in place it would be
/// half of an idle session's memory.
package indirect enum ServerAction: Equatable, Sendable {
  /// Send this reply, and read on.
  case reply(Reply)
  /// Send this reply, and close the connection.
  case close(Reply)
  /// Send this reply, make the TLS handshake, and report it with `tlsEstablished()`.
  ///
  /// What the client sent before the handshake and was not yet read must be thrown away: whoever sits
  /// on the line may have put it there (CVE-2011-0411).
  case startTLS(Reply)
  /// Check this password, and report it by `authenticationSucceeded(user:)`,
  /// `authenticationFailed()` or `authenticationUnavailable()`.
  case verify(user: String, password: [UInt8])
  /// Report by `lookedUp(_:)` what SCRAM has for this user, and the channel binding data of the kind
  /// with this registered name; or that by `authenticationUnavailable()`.
  case lookUp(user: String, binding: String?)
  /// Check this proof, and report it by `proofAccepted(user:serverSignature:)`,
  /// `authenticationFailed()` or `authenticationUnavailable()`.
  case checkProof(SCRAMProof)
  /// Note that the client has proved to be this user, and report it by
  /// `authenticationSucceeded(user:)`.
  case logIn(user: String)
  /// Check the sender, and report it by `senderAccepted(_:)` with the same value or `refused(_:)`.
  case checkSender(Transaction)
  /// Check the recipient, and report it by `recipientAccepted(_:)` or `refused(_:)`.
  case checkRecipient(ForwardPath, NotificationRequest)
  /// Send this reply, decode content to its end, store it, and report it by `dataEnded(_:)`.
  ///
  /// A message that is too large or is refused for another reason is read to its end all the same.
  case receiveData(Reply)
  /// Read that many octets of content as they are (RFC 3030 §2), and report them by
  /// `chunkReceived(bytes:)`, or by `dataEnded(_:)` when they are the last or are refused.
  case receiveChunk(bytes: Int, isLast: Bool)
  /// Read that many octets, throw them away, and then do what comes `then`.
  case skipChunk(bytes: Int, then: ServerAction)
  /// Let the queue try again what waits for this domain, and send the reply to that.
  case flush(Domain, withSubdomains: Bool)
}
