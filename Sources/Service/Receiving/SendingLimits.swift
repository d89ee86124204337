package import Mail

/// How much may be sent; what is nil is left to what is more general.
package struct SendingLimits: Equatable, Sendable {
  /// Octets of one message on the wire.
  package var messageBytes: Int?
  /// Recipients of one message.
  package var recipients: Int?
  /// Messages within an hour.
  package var messagesPerHour: Allowance?
  /// Recipients of these messages.
  package var recipientsPerHour: Allowance?

  package init(
    messageBytes: Int? = nil, recipients: Int? = nil, messagesPerHour: Allowance? = nil,
    recipientsPerHour: Allowance? = nil
  ) {
    self.messageBytes = messageBytes
    self.recipients = recipients
    self.messagesPerHour = messagesPerHour
    self.recipientsPerHour = recipientsPerHour
  }

  /// These limits, and for what they leave open those of `general`.
  func orElse(_ general: SendingLimits) -> SendingLimits {
    SendingLimits(
      messageBytes: messageBytes ?? general.messageBytes,
      recipients: recipients ?? general.recipients,
      messagesPerHour: messagesPerHour ?? general.messagesPerHour,
      recipientsPerHour: recipientsPerHour ?? general.recipientsPerHour)
  }
}
