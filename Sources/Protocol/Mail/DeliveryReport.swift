/// The message that tells a sender that mail could not be delivered.
///
/// RFC 3461 §6 and RFC 3464: a `multipart/report` of a text for people, a part for programs, and the
/// header of the message it is about. It is sent from the null reverse path, so that it never causes
/// another report (RFC 5321 §6.1), and a message from the null reverse path never causes one.
///
/// **Limits**: `Limits.quotedHeaderBytes` of the original's header, and of each reason
/// `Limits.quotedTextBytes`, less what keeps its line within RFC 5322 §2.1.1.
package struct DeliveryReport: Sendable {
  /// A recipient whom the message did not reach.
  package struct Recipient: Sendable {
    /// The recipient, as the envelope had it.
    package var path: ForwardPath
    /// Why, for programs.
    package var status: EnhancedStatus
    /// Why, for people; a remote host's reply begins with its code.
    package var reason: String
    /// The host whose reply the reason is, nil when it is this host's own finding.
    package var remoteHost: String?
    /// When it was last tried, nil when it never was.
    package var lastAttempt: DateTime?

    /// A recipient that was not reached for this reason.
    package init(
      path: ForwardPath, status: EnhancedStatus, reason: String, remoteHost: String? = nil,
      lastAttempt: DateTime? = nil
    ) {
      self.path = path
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
  /// Those whom the message did not reach.
  package var recipients: [Recipient]

  /// A report about these recipients.
  package init(
    host: Domain, postmaster: Mailbox, sender: Mailbox, identifier: String, date: DateTime,
    arrival: DateTime, recipients: [Recipient]
  ) {
    self.host = host
    self.postmaster = postmaster
    self.sender = sender
    self.identifier = identifier
    self.date = date
    self.arrival = arrival
    self.recipients = recipients
  }

  /// Appends the report in stored form.
  ///
  /// `original` is the start of the content it is about; what follows its header is not looked at.
  package func write(original: Span<UInt8>, to output: inout [UInt8]) {
    let header = Self.quotableHeader(of: original)
    let isEightBit = header.contains { $0 >= 0x80 }
    let encoding = isEightBit ? "8bit" : "7bit"
    // No quoted line can be taken for the boundary, as the identifier is new.
    let id = MessageID(unique: identifier, host: host)
    let unique = id.text.utf8.dropFirst().prefix { $0 != .at }.prefix(Self.boundaryBytes - 2)
    let boundary = "=_" + String(decoding: unique, as: UTF8.self)
    output +=
      """
      From: Mail Delivery System <\(postmaster.text)>
      To: <\(sender.text)>
      Subject: Your message could not be delivered
      Date: \(date.text)
      Message-ID: \(id.text)
      Auto-Submitted: auto-replied
      MIME-Version: 1.0
      Content-Type: multipart/report; report-type=delivery-status;
      \tboundary="\(boundary)"
      Content-Transfer-Encoding: \(encoding)

      This is a delivery report in MIME format.

      --\(boundary)
      Content-Type: text/plain; charset=us-ascii

      \(explanation)
      --\(boundary)
      Content-Type: message/delivery-status

      \(deliveryStatus)
      --\(boundary)
      Content-Type: text/rfc822-headers
      Content-Transfer-Encoding: \(encoding)


      """.utf8
    output += header
    output += "\n--\(boundary)--\n".utf8
  }

  /// The octets a boundary may have, RFC 2046 §5.1.1.
  private static var boundaryBytes: Int { 70 }

  /// The part for people.
  private var explanation: String {
    var text = """
      This is the mail system at \(host.text).

      Your message of \(arrival.text)
      could not be delivered to:


      """
    for recipient in recipients {
      text += "  \(recipient.path.text)\n"
      if let host = recipient.remoteHost {
        text += "    \(Self.line(host)) said:\n"
      }
      text += "    \(Self.line(recipient.reason))\n\n"
    }
    return text + """
      It will not be tried again for the recipients above. Check the addresses, and
      send the message again if it is still of use. If you need help, forward this
      report to \(postmaster.text).

      The header of your message follows.

      """
  }

  /// The part for programs, RFC 3464 §2.
  private var deliveryStatus: String {
    var text = "Reporting-MTA: dns; \(host.text)\nArrival-Date: \(arrival.text)\n"
    for recipient in recipients {
      let address = recipient.path.mailbox ?? postmaster
      text += """

        Final-Recipient: rfc822; \(address.text)
        Action: failed
        Status: \(recipient.status.text)

        """
      if let host = recipient.remoteHost { text += "Remote-MTA: dns; \(Self.line(host))\n" }
      let kind = recipient.remoteHost == nil ? "X-Gatepost" : "smtp"
      text += "Diagnostic-Code: \(kind); \(Self.line(recipient.reason))\n"
      if let attempt = recipient.lastAttempt { text += "Last-Attempt-Date: \(attempt.text)\n" }
    }
    return text
  }

  /// Text from elsewhere, made safe for a line and short enough for one (RFC 5322 §2.1.1).
  private static func line(_ text: String) -> String {
    String(escaping: text.utf8, limit: min(Limits.quotedTextBytes, 960))
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
