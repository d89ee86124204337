package import Mail

/// What a client session needs to know about a message before it sends it.
package struct Envelope: Equatable, Sendable {
  /// One recipient.
  package struct Recipient: Equatable, Sendable {
    /// Whom the message is for.
    package let path: ForwardPath
    /// What the sender wants to be told of it.
    package let notification: NotificationRequest

    package init(_ path: ForwardPath, notification: NotificationRequest = NotificationRequest()) {
      self.path = path
      self.notification = notification
    }
  }

  /// Where failures are reported.
  package let sender: ReversePath
  /// Whom it is for.
  package let recipients: [Recipient]
  /// The size of the content on the wire, RFC 1870 §5; exact where a chunk may be used.
  package let wireBytes: Int
  /// What the sender wants of reports as a whole.
  package let report: ReportRequest
  /// Whether an address or the header is beyond ASCII: only a host with SMTPUTF8 can take it.
  package let needsUTF8: Bool
  /// Whether the message was declared REQUIRETLS.
  ///
  /// Only a host with REQUIRETLS can take it then; a report may go to another (RFC 8689 §5).
  package let requiresTLS: Bool

  /// The envelope of a message; to give no recipient is a bug.
  package init(
    sender: ReversePath, recipients: [Recipient], wireBytes: Int,
    report: ReportRequest = ReportRequest(), needsUTF8: Bool = false, requiresTLS: Bool = false
  ) {
    precondition(!recipients.isEmpty, "a message has at least one recipient")
    self.sender = sender
    self.recipients = recipients
    self.wireBytes = wireBytes
    self.report = report
    self.needsUTF8 = needsUTF8
    self.requiresTLS = requiresTLS
  }
}
