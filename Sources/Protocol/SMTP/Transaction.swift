package import Mail

/// The envelope of the message that a session is taking in.
///
/// A session outlives its transactions: RSET, EHLO, the end of data and TLS end one, and nothing of
/// it is left.
package struct Transaction: Equatable, Sendable {
  /// Where failures are reported.
  package let sender: ReversePath
  /// What the client said about the message.
  package let parameters: MailParameters
  /// Those that were accepted, each once, in the order they were given.
  package internal(set) var recipients: [ForwardPath] = []
  /// Whether content has begun to come, by BDAT; then only more of it or RSET may follow.
  package internal(set) var hasContent = false

  /// A transaction that has no recipients yet.
  package init(sender: ReversePath, parameters: MailParameters = MailParameters()) {
    self.sender = sender
    self.parameters = parameters
  }
}
