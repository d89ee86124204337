package import EventLoop
package import Mail
package import Platform

/// This host where it tells senders what has become of their mail: the Reporting-MTA of RFC 3464.
///
/// Whoever learns that a message has failed, waits or has arrived hands it what it knows; the report
/// becomes a message of the queue or of a maildrop, without a sender of its own.
@Loop
package struct ReportingMTA {
  /// The message that a report is about.
  package struct Subject: Sendable {
    /// Its identifier.
    package var id: QueueID
    /// Its sender, without angle brackets; empty for a report.
    package var reversePath: String
    /// Unix time of its arrival.
    package var arrived: Int64
    /// Whether it was declared SMTPUTF8.
    package var isInternationalized: Bool
    /// Whether it was declared REQUIRETLS.
    package var requiresTLS: Bool
    /// What its sender wants of reports.
    package var report: ReportRequest
    /// Whether a stranger has handed it in: its sender may be forged.
    var isOfStranger: Bool
    /// Unix time until which it is tried; nil where it is not.
    package var retryEnd: Int64?

    package init(_ envelope: SubmittedEnvelope, id: QueueID) {
      self.id = id
      reversePath = envelope.reversePath
      arrived = Int64(id.seconds)
      isInternationalized = envelope.isInternationalized
      requiresTLS = envelope.requiresTLS
      report = envelope.report
      isOfStranger = envelope.isOfStranger
    }

    package init(_ envelope: QueueEnvelope, id: QueueID, retryEnd: Int64? = nil) {
      self.id = id
      reversePath = envelope.reversePath
      arrived = envelope.arrived
      isInternationalized = envelope.isInternationalized
      requiresTLS = envelope.requiresTLS
      report = envelope.report
      isOfStranger = envelope.isOfStranger
      self.retryEnd = retryEnd
    }
  }

  /// Where the message is to be found of which a report returns a part.
  package enum Original: Sendable {
    /// The start of its content, with its header or as much of it as a report quotes.
    case beginning([UInt8])
    /// Its file in the queue.
    case file(OpenMessage)
  }

  /// A report that has been stored.
  package struct Report: Sendable {
    /// Its identifier.
    package let id: QueueID
    /// Whom it is for.
    package let recipient: Mailbox
  }

  /// Where mail for an address of this host goes.
  package struct Destination: Equatable, Sendable {
    /// The names of maildrops.
    package var users: [String]
    /// Addresses elsewhere, as an alias has them.
    package var remote: [Mailbox]

    package init(users: [String], remote: [Mailbox] = []) {
      self.users = users
      self.remote = remote
    }

    var isEmpty: Bool { users.isEmpty && remote.isEmpty }
  }

  private let host: Domain
  private let postmaster: Mailbox
  private let notify: Mailbox
  private let allowance: ReportAllowance?
  private let spool: Spool
  private let destination: @Loop (Mailbox) -> Destination?

  /// The maildrop of what nobody else can be told.
  package nonisolated static let lastMaildrop = "postmaster"

  /// How much of a message is read at a time, in bytes.
  private nonisolated static let pieceBytes = 32 << 10

  /// - Parameters:
  ///   - postmaster: answers for this host, and hears of failures that nobody else can be told.
  ///   - notify: is told in place of a sender that nobody is; nil for the postmaster.
  ///   - allowance: how many reports an address may get; nil for any number.
  ///   - destination: where mail for an address goes; nil for one that is elsewhere, and a destination
  ///     without anybody for one of ours that nobody has.
  package init(
    host: Domain, postmaster: Mailbox, notify: Mailbox? = nil, allowance: ReportAllowance? = nil,
    spool: Spool, destination: @escaping @Loop (Mailbox) -> Destination?
  ) {
    self.host = host
    self.postmaster = postmaster
    self.notify = notify ?? postmaster
    self.allowance = allowance
    self.spool = spool
    self.destination = destination
  }

  /// Tells the sender of a message what has become of it for some recipients.
  ///
  /// The recipients are those of which the sender wants to be told (`NotificationRequest.wants`). A
  /// sender that nobody is, as devices give one, is told in the person of `notify`. Of strangers' mail that an
  /// address of ours has sent on, few senders elsewhere are told in an hour, for they may be forged. Where the
  /// message has no sender it is a report itself: of its failure the postmaster of this host is told in a
  /// maildrop, and of the rest nobody, so nothing is ever sent back and forth (RFC 5321 §6.1).
  ///
  /// **Durability**: the report is in the queue or in a maildrop when this returns.
  ///
  /// - Returns: nil if there is nothing to tell, nobody to tell it, or too much was told already.
  package func tell(
    _ action: DeliveryReport.Action, of recipients: [DeliveryReport.Recipient],
    about subject: Subject, original: Original
  ) async throws(SystemError) -> Report? {
    if recipients.isEmpty || subject.reversePath.isEmpty && action != .failed { return nil }
    let (sender, place) = addressee(of: subject)
    if subject.isOfStranger, !place.remote.isEmpty, !subject.reversePath.isEmpty,
      allowance?.admitsStranger(at: .now) == false
    {
      return nil
    }
    if let allowance, !allowance.admits(sender, isFailure: action == .failed, at: .now) {
      return nil
    }
    let id = spool.makeID()
    var report = DeliveryReport(
      host: host, postmaster: postmaster, sender: sender, identifier: "\(id)",
      date: DateTime(unixSeconds: WallClock.now),
      arrival: DateTime(unixSeconds: subject.arrived), action: action, recipients: recipients)
    report.envelopeIdentifier = subject.report.envelopeIdentifier
    report.isInternationalized = subject.isInternationalized
    report.retryEnd = subject.retryEnd.map(DateTime.init)
    var destination = place
    if subject.reversePath.isEmpty {
      // A report that cannot leave must not cause one that leaves as well.
      let users = destination.users
      destination = Destination(users: users.isEmpty ? [Self.lastMaildrop] : users)
    }
    let envelope = SubmittedEnvelope(
      reversePath: "", recipients: destination.remote.map { .init($0.text) }, is8Bit: true,
      isInternationalized: ([sender] + destination.remote).contains { !$0.isASCII },
      // RFC 8689 §5: the report tells as much as the message did.
      requiresTLS: subject.requiresTLS, origin: "report about \(subject.id)")
    let delivery = spool.begin(
      envelope, users: destination.users, id: id,
      trace: "Received: by \(host.text) id \(id);\n\t\(report.date.text)\n")
    var content: [UInt8] = []
    if case .file(let message) = original, returnsAll(of: message, subject, action) {
      report.writeBeginning(to: &content)
      try await delivery.write(content)
      try await copy(message, to: delivery)
      content = []
      report.writeEnd(to: &content)
    } else {
      let beginning = try await beginning(of: original)
      report.write(original: beginning.span, to: &content)
    }
    try await delivery.write(content)
    try await delivery.commit()
    return Report(id: id, recipient: sender)
  }

  /// Who has been told so much that a failure of the message would not be told now; nil if it would.
  package func exhausted(for subject: Subject) -> Mailbox? {
    let mailbox = addressee(of: subject).mailbox
    return allowance?.isExhausted(for: mailbox, at: .now) == true ? mailbox : nil
  }

  /// Who is told, and where that one is.
  private func addressee(of subject: Subject) -> (mailbox: Mailbox, place: Destination) {
    if subject.reversePath.isEmpty { return (postmaster, place(of: postmaster)) }
    if let sender = Mailbox(subject.reversePath, allowsUTF8: true), !sender.domain.isNowhere {
      let place = place(of: sender)
      if !place.isEmpty { return (sender, place) }
    }
    let place = place(of: notify)
    return (notify, place.isEmpty ? Destination(users: [Self.lastMaildrop]) : place)
  }

  private func place(of mailbox: Mailbox) -> Destination {
    destination(mailbox) ?? Destination(users: [], remote: [mailbox])
  }

  /// RFC 3461 §4.3: RET is about failures only, and RFC 8689 §5 lets it be HDRS for REQUIRETLS.
  private func returnsAll(
    of message: OpenMessage, _ subject: Subject, _ action: DeliveryReport.Action
  ) -> Bool {
    action == .failed && subject.report.returned == .full && !subject.requiresTLS
      && message.contentBytes <= Mail.Limits.returnedMessageBytes
  }

  private func beginning(of original: Original) async throws(SystemError) -> [UInt8] {
    switch original {
    case .beginning(let content): content
    case .file(let message):
      try await spool.disk.run { () throws(SystemError) in
        try message.read(upTo: Mail.Limits.quotedHeaderBytes, at: 0)
      }
    }
  }

  private func copy(
    _ message: OpenMessage, to delivery: borrowing Delivery
  ) async throws(SystemError) {
    var offset = 0
    while offset < message.contentBytes {
      let start = offset
      let piece = try await spool.disk.run { () throws(SystemError) in
        try message.read(upTo: Self.pieceBytes, at: start)
      }
      // Of a file that somebody has cut short the sender gets what there is.
      if piece.isEmpty { return }
      try await delivery.write(piece)
      offset += piece.count
    }
  }
}

extension Domain {
  /// Whether no mail can be for it: a name of one label, as a device takes its own for, or one that the
  /// DNS of the Internet never has (RFC 6761 §6, RFC 6762 §3).
  fileprivate var isNowhere: Bool {
    guard addressLiteral == nil else { return false }
    let labels = text.utf8.split(separator: UInt8(ascii: ".")).map { String(Substring($0)) }
    return labels.count < 2 || ["invalid", "local", "localhost"].contains(labels[labels.count - 1])
  }
}
