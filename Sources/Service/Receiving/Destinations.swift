import Mail
import Platform
import Spool

/// What is to become of the recipients of a transaction.
struct Destinations {
  /// Those for the queue.
  private(set) var remote: [SubmittedEnvelope.Recipient] = []
  /// The addresses of `remote`.
  private var known: Set<String> = []
  /// Users whose maildrops get the message, each once.
  private(set) var users: [String] = []
  /// Recipients of whose delivery into a maildrop the sender wants to hear.
  private(set) var told: [DeliveryReport.Recipient] = []
  /// Whom recipients were counted for, in the order of their first.
  private(set) var payers: [Payer] = []
  /// What lets the client send more than mail for local mailboxes; of several grants the first that was used.
  var authorization: Authorization? { payers.first?.authorization }
  /// The octets that `remote` takes in the file of the queue.
  private var remoteBytes = 0

  /// Whoever a recipient is counted for.
  struct Payer: Equatable {
    let authorization: Authorization
    /// The address of the grant, if it is one.
    let grant: IPAddress?
  }

  /// Notes that a recipient was counted.
  mutating func note(_ payer: Payer) {
    if !payers.contains(payer) { payers.append(payer) }
  }

  /// Adds addresses elsewhere and users; false, and nothing added, if the envelope has no room.
  mutating func add(
    _ path: ForwardPath, users: [String], remote addresses: [Mailbox],
    _ notification: NotificationRequest
  ) -> Bool {
    let recipients = addresses.map {
      SubmittedEnvelope.Recipient($0.text, notification: notification)
    }
    let bytes = recipients.reduce(remoteBytes) { $0 + QueueEnvelope.bytes(of: $1) }
    guard QueueEnvelope.hasRoom(forRecipientBytes: bytes) else { return false }
    // Of two names for one mailbox it gets the message once (RFC 5321 §3.9 leaves it open).
    for recipient in recipients where known.insert(recipient.address).inserted {
      remote.append(recipient)
    }
    remoteBytes = bytes
    for user in users where !self.users.contains(user) { self.users.append(user) }
    if !users.isEmpty, notification.wantsSuccess {
      told.append(
        DeliveryReport.Recipient(
          path: path, original: notification.originalRecipient, status: EnhancedStatus(2, 0, 0),
          reason: "Delivered to the mailbox"))
    }
    return true
  }
}
