/// The message that tells a sender what has become of mail: that it failed, waits, or was handed on.
///
/// RFC 3461 §6 and RFC 3464: a `multipart/report` of a text for people, a part for programs, and the
/// header of the message it is about, or all of it. It is sent from the null reverse path, so that it
/// never causes another report (RFC 5321 §6.1), and a message from the null reverse path never causes
/// one.
///
/// **Limits**: `Limits.quotedHeaderBytes` of the original's header, and of each reason
/// `Limits.quotedTextBytes`, less what keeps its line within RFC 5322 §2.1.1.
package struct DeliveryReport: Sendable {
  /// What has become of the recipients, RFC 3464 §2.3.3; `expanded` is for mailing lists only.
  package enum Action: String, Sendable {
    /// They cannot have the message.
    case failed
    /// It is still being tried.
    case delayed
    /// A host that makes no such reports has taken it over (RFC 3461 §5.2.2).
    case relayed
    /// It lies in their maildrops.
    case delivered
  }

  /// A recipient that the report is about.
  package struct Recipient: Sendable {
    /// The recipient, as the envelope had it.
    package var path: ForwardPath
    /// The recipient as the first sender named it; nil where that is not known.
    package var original: OriginalRecipient?
    /// What has become of it, for programs.
    package var status: EnhancedStatus
    /// The same for people; a remote host's reply begins with its code.
    package var reason: String
    /// The host whose reply the reason is, nil when it is this host's own finding.
    package var remoteHost: String?
    /// When it was last tried, nil when it never was.
    package var lastAttempt: DateTime?

    /// A recipient of which this can be told.
    package init(
      path: ForwardPath, original: OriginalRecipient? = nil, status: EnhancedStatus,
      reason: String, remoteHost: String? = nil, lastAttempt: DateTime? = nil
    ) {
      self.path = path
      self.original = original
      self.status = status
      self.reason = reason
      self.remoteHost = remoteHost
      self.lastAttempt = lastAttempt
    }
  }

  /// The name of this host.
  package var host: Domain
  /// Whom an answer to the report reaches.
  package var postmaster: Mailbox
  /// The sender of the message it is about.
  package var sender: Mailbox
  /// A name this host has never used before, and no sender can guess.
  package var identifier: String
  /// When the report is made.
  package var date: DateTime
  /// When the message it is about came in.
  package var arrival: DateTime
  /// What has become of the recipients.
  package var action: Action
  /// Those it is about.
  package var recipients: [Recipient]
  /// The value of ENVID, valid xtext; nil where the sender gave none.
  package var envelopeIdentifier: String?
  /// Whether the message it is about was declared SMTPUTF8 (RFC 6533).
  package var isInternationalized = false
  /// Until when the message is tried; told where it is delayed.
  package var retryEnd: DateTime?

  /// A report about these recipients.
  package init(
    host: Domain, postmaster: Mailbox, sender: Mailbox, identifier: String, date: DateTime,
    arrival: DateTime, action: Action = .failed, recipients: [Recipient]
  ) {
    self.host = host
    self.postmaster = postmaster
    self.sender = sender
    self.identifier = identifier
    self.date = date
    self.arrival = arrival
    self.action = action
    self.recipients = recipients
  }

  /// Appends the report in stored form, with the header of the message it is about.
  ///
  /// `original` is the start of that message's content; what follows its header is not looked at.
  package func write(original: Span<UInt8>, to output: inout [UInt8]) {
    let header = Self.quotableHeader(of: original)
    let isEightBit = header.contains { $0 >= 0x80 }
    writeBeginning(returning: .header, isEightBit: isEightBit, to: &output)
    output += header
    writeEnd(to: &output)
  }

  /// Appends what stands before the whole message it is about, which comes next, and `writeEnd` then.
  package func writeBeginning(to output: inout [UInt8]) {
    // Whether the message has bytes beyond ASCII is known when it has passed; this is true of all.
    writeBeginning(returning: .message, isEightBit: true, to: &output)
  }

  /// Appends what stands after the message, whose last line may lack its end.
  package func writeEnd(to output: inout [UInt8]) {
    output += "\n--\(boundary)--\n".utf8
  }

  /// The header at the start of `original`: whole lines, within the limit, without NUL and CR.
  private static func quotableHeader(of original: Span<UInt8>) -> [UInt8] {
    let limit = min(HeaderScan.headerBytes(of: original), Limits.quotedHeaderBytes)
    var header: [UInt8] = []
    var lineStart = 0
    while lineStart < limit {
      let feed = original.firstLineFeed(from: lineStart)
      guard feed < limit else { break }
      for index in lineStart...feed {
        let byte = original[index]
        if byte != .nul, byte != .carriageReturn { header.append(byte) }
      }
      lineStart = feed + 1
    }
    return header
  }
}

extension NotificationRequest {
  /// Whether the sender wants to be told of it, RFC 3461 §4.1.
  package func wants(_ action: DeliveryReport.Action) -> Bool {
    switch action {
    case .failed: wantsFailure
    case .delayed: wantsDelay
    case .relayed, .delivered: wantsSuccess
    }
  }
}
