/// The parts of a report, and the words in them.
extension DeliveryReport {
  /// What of the original message a report returns.
  enum Returned {
    case header
    case message
  }

  /// Appends everything up to the original.
  func writeBeginning(
    returning returned: Returned, isEightBit: Bool, to output: inout [UInt8]
  ) {
    let explanation = explanation(returning: returned)
    let isTextEightBit = explanation.utf8.contains { $0 >= 0x80 }
    let encoding = isEightBit || isTextEightBit ? "8bit" : "7bit"
    output +=
      """
      From: Mail Delivery System <\(postmaster.headerText)>
      To: <\(sender.headerText)>
      Subject: \(subject)
      Date: \(date.text)
      Message-ID: \(messageID.text)
      Auto-Submitted: auto-replied
      MIME-Version: 1.0
      Content-Type: multipart/report; report-type=delivery-status;
      \tboundary="\(boundary)"
      Content-Transfer-Encoding: \(encoding)

      This is a delivery report in MIME format.

      --\(boundary)
      Content-Type: text/plain; charset=\(isTextEightBit ? "utf-8" : "us-ascii")
      \(isTextEightBit ? "Content-Transfer-Encoding: 8bit\n" : "")
      \(explanation)
      --\(boundary)
      Content-Type: message/delivery-status

      \(deliveryStatus)
      --\(boundary)
      Content-Type: \(mediaType(of: returned))
      Content-Transfer-Encoding: \(isEightBit ? "8bit" : "7bit")


      """.utf8
  }

  private var messageID: MessageID { MessageID(unique: identifier, host: host) }

  /// What stands between the parts: no line of them is equal, as the identifier is new.
  var boundary: String {
    let unique = messageID.text.utf8.dropFirst().prefix { $0 != .at }
    return "=_" + String(decoding: unique.prefix(Self.boundaryBytes - 2), as: UTF8.self)
  }

  /// The octets a boundary may have, RFC 2046 §5.1.1.
  private static var boundaryBytes: Int { 70 }

  /// RFC 6533 §4 has types of its own for messages that hold UTF-8 where RFC 5322 has ASCII.
  private func mediaType(of returned: Returned) -> String {
    switch returned {
    case .header: isInternationalized ? "message/global-headers" : "text/rfc822-headers"
    case .message: isInternationalized ? "message/global" : "message/rfc822"
    }
  }

  private var subject: String {
    switch action {
    case .failed: "Your message could not be delivered"
    case .delayed: "Your message is delayed"
    case .relayed: "Your message was handed on"
    case .delivered: "Your message was delivered"
    }
  }

  /// What has become of the message, for people.
  private var event: String {
    switch action {
    case .failed: "could not be delivered to:"
    case .delayed: "could not be delivered yet to:"
    case .relayed: "was handed on, to a server that makes no reports, for:"
    case .delivered: "was delivered to:"
    }
  }

  /// What a person can do, for people.
  private var advice: String {
    switch action {
    case .failed:
      """
      It will not be tried again for the recipients above. Check the addresses, and
      send the message again if it is still of use. If you need help, forward this
      report to \(postmaster.text).
      """
    case .delayed:
      """
      It is being tried again\(retryEnd.map { " until\n\($0.text)" } ?? "").
      You need not do anything.
      """
    case .relayed: "Nothing more will be heard of it, unless it fails."
    case .delivered: "You have asked to be told."
    }
  }

  /// The part for people.
  private func explanation(returning returned: Returned) -> String {
    var text = """
      This is the mail system at \(host.text).

      Your message of \(arrival.text)
      \(event)


      """
    for recipient in recipients {
      text += "  \(recipient.path.text)\n"
      if let host = recipient.remoteHost {
        text += "    \(Self.line(host)) said:\n"
      }
      text += "    \(Self.line(recipient.reason))\n\n"
    }
    return text + """
      \(advice)

      \(returned == .header ? "The header of your message" : "Your message") follows.

      """
  }

  /// The part for programs, RFC 3464 §2.
  private var deliveryStatus: String {
    var text = ""
    if let envelopeIdentifier {
      text += "Original-Envelope-Id: \(Self.decoded(envelopeIdentifier))\n"
    }
    text += "Reporting-MTA: dns; \(host.text)\nArrival-Date: \(arrival.text)\n"
    for recipient in recipients {
      text += "\n"
      if let original = recipient.original {
        text += "Original-Recipient: \(Self.field(of: original))\n"
      }
      text += """
        Final-Recipient: \(Self.field(of: recipient.path.mailbox ?? postmaster))
        Action: \(action.rawValue)
        Status: \(recipient.status.text)

        """
      if let host = recipient.remoteHost { text += "Remote-MTA: dns; \(Self.line(host))\n" }
      let kind = recipient.remoteHost == nil ? "X-Gatepost" : "smtp"
      text += "Diagnostic-Code: \(kind); \(Self.line(recipient.reason))\n"
      if let attempt = recipient.lastAttempt { text += "Last-Attempt-Date: \(attempt.text)\n" }
      if action == .delayed, let retryEnd { text += "Will-Retry-Until: \(retryEnd.text)\n" }
    }
    return text
  }

  /// An address with its type; one beyond ASCII in the form that any report may hold (RFC 6533 §3).
  private static func field(of mailbox: Mailbox) -> String {
    if mailbox.text.utf8.allSatisfy({ $0 < 0x80 }) { return "rfc822; \(mailbox.text)" }
    var text = "utf-8; "
    for character in mailbox.text.unicodeScalars {
      let isPlain =
        (0x21...0x7E).contains(character.value) && !"\\+=".unicodeScalars.contains(character)
      text += isPlain ? String(character) : "\\x{\(hexadecimal(character.value))}"
    }
    return text
  }

  /// Upper-case digits, two at least.
  private static func hexadecimal(_ value: UInt32) -> String {
    (value < 16 ? "0" : "") + String(value, radix: 16, uppercase: true)
  }

  /// The value of ORCPT as a field has it (RFC 3461 §6.3).
  ///
  /// The addresses of type utf-8 have the encoding of RFC 6533 §3, which is the same here and there.
  private static func field(of original: OriginalRecipient) -> String {
    let parts = original.text.split(separator: ";", maxSplits: 1)
    guard parts.count == 2 else { return line(original.text) }
    let value = parts[0].utf8.elementsEqual("utf-8".utf8) ? String(parts[1]) : decoded(parts[1])
    return "\(parts[0]); \(line(value))"
  }

  /// What xtext stands for, with nothing in it that could end a line.
  private static func decoded(_ text: some StringProtocol) -> String {
    String(escaping: XText.decode(text))
  }

  /// Text from elsewhere, made safe for a line and short enough for one (RFC 5322 §2.1.1).
  private static func line(_ text: String) -> String {
    String(escaping: text.utf8, limit: min(Limits.quotedTextBytes, 960))
  }
}
