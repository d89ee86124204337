package import Mail

/// What a client session needs to know about a message before it sends it.
package struct Envelope: Equatable, Sendable {
  /// Where failures are reported.
  package let sender: ReversePath
  /// Whom it is for.
  package let recipients: [ForwardPath]
  /// The size of the content on the wire, RFC 1870 §5.
  package let wireBytes: Int

  /// The envelope of a message; to give no recipient is a bug.
  package init(sender: ReversePath, recipients: [ForwardPath], wireBytes: Int) {
    precondition(!recipients.isEmpty, "a message has at least one recipient")
    self.sender = sender
    self.recipients = recipients
    self.wireBytes = wireBytes
  }
}
