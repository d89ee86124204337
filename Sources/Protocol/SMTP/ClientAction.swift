package import SASL

/// What the driver of a client session does next.
package enum ClientAction: Equatable, Sendable {
  /// Send these bytes, and wait for a reply. They may hold a password: they are not to be logged.
  case send([UInt8])
  /// Wait for the reply to something sent before.
  case awaitReply
  /// Hand random octets, and what binds to the channel, to `authenticate`.
  case prepareAuthentication
  /// Work this out, and hand the result to `computed`. It holds a password: it is not to be logged.
  case compute(ClientComputation)
  /// Make the TLS handshake, and report it with `tlsEstablished()`.
  ///
  /// What the server sent in clear and was not yet read must be thrown away (CVE-2011-0411).
  case startTLS
  /// Send the content in its wire form with its end, and wait for the reply.
  ///
  /// If the content cannot be read to its end, the connection must be closed without the final dot:
  /// nothing else keeps the server from taking half a message for a whole one.
  case sendContent
  /// Send this command and the content in its wire form, of the size that the envelope has told and
  /// with neither dots doubled nor an end, and wait for the reply.
  ///
  /// If the content cannot be read, or has another size, the connection must be closed before the last
  /// of the octets that the command has told.
  case sendChunk([UInt8])
  /// Nothing is under way: hand in a message with `deliver`, or end with `quit`.
  case ready
  /// The message has these outcomes, one a recipient in the order of the envelope.
  ///
  /// After it the session is ready if `isUsable`, and otherwise the connection is to be closed.
  case finished([Outcome])
  /// No message can be sent over this connection: try another host, or later, and close it.
  case unavailable(Diagnosis)
  /// Close the connection.
  case close
}
