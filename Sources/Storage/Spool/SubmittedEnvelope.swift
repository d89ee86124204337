package import Mail

/// The envelope of a message on its way into the queue: all that its file will say of it.
package struct SubmittedEnvelope: Equatable, Sendable {
  /// One recipient.
  package struct Recipient: Equatable, Sendable {
    /// A valid forward path, without angle brackets.
    package var address: String
    /// What the sender wants to be told of it.
    package var notification: NotificationRequest

    package init(_ address: String, notification: NotificationRequest = NotificationRequest()) {
      self.address = address
      self.notification = notification
    }
  }

  /// Without angle brackets; empty for a report (RFC 5321 §4.5.5).
  package var reversePath: String
  /// Whom it is for, elsewhere; none for a message that goes into maildrops only.
  package var recipients: [Recipient]
  /// Whether the content was declared 8BITMIME (RFC 6152).
  package var is8Bit: Bool
  /// Whether it was declared SMTPUTF8 (RFC 6531): addresses and header may be beyond ASCII.
  package var isInternationalized: Bool
  /// Whether it was declared REQUIRETLS (RFC 8689): it must not leave in clear.
  package var requiresTLS: Bool
  /// What the sender wants of reports as a whole.
  package var report: ReportRequest
  /// Who handed it in, and by what right: `ADDRESS local` for a stranger.
  package var origin: String

  /// Whether a stranger has handed it in, whose mail an address of ours has sent on.
  var isOfStranger: Bool { Self.isOfStranger(origin) }

  static func isOfStranger(_ origin: String) -> Bool { origin.hasSuffix(" local") }

  package init(
    reversePath: String, recipients: [Recipient], is8Bit: Bool = false,
    isInternationalized: Bool = false, requiresTLS: Bool = false,
    report: ReportRequest = ReportRequest(), origin: String
  ) {
    self.reversePath = reversePath
    self.recipients = recipients
    self.is8Bit = is8Bit
    self.isInternationalized = isInternationalized
    self.requiresTLS = requiresTLS
    self.report = report
    self.origin = origin
  }
}
