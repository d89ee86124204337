import Mail

extension QueueEnvelope {
  /// The field that begins each line of the envelope.
  static let prefix = "Gatepost-"
  /// The room for the status in bytes, filled up with spaces so that it can be written in place.
  static let statusBytes = 200
  /// A file whose envelope is longer is not one of ours: room for 5,000 usual recipients and more.
  static let limitBytes = 512 << 10
  /// How much of it the fields besides the recipients may take.
  private static let otherBytes = 4 << 10

  /// The octets that a recipient takes in the file.
  package static func bytes(of recipient: SubmittedEnvelope.Recipient) -> Int {
    line(of: recipient).utf8.count
  }

  /// Whether an envelope whose recipients take so many octets can be read again, once it is written.
  package static func hasRoom(forRecipientBytes bytes: Int) -> Bool {
    bytes <= limitBytes - otherBytes
  }

  /// The envelope as it stands at the beginning of a file.
  static func header(_ envelope: SubmittedEnvelope, arrived: Int64) -> [UInt8] {
    var text = "\(prefix)Arrived: \(arrived)\n\(prefix)Origin: \(safe(envelope.origin))\n"
    text += "\(prefix)From: <\(safe(envelope.reversePath))>\n"
    if envelope.is8Bit { text += "\(prefix)Body: 8BITMIME\n" }
    if envelope.isInternationalized { text += "\(prefix)SMTPUTF8: yes\n" }
    if envelope.requiresTLS { text += "\(prefix)REQUIRETLS: yes\n" }
    if let returned = envelope.report.returned { text += "\(prefix)RET: \(returned.rawValue)\n" }
    if let identifier = envelope.report.envelopeIdentifier {
      text += "\(prefix)ENVID: \(safe(identifier))\n"
    }
    for recipient in envelope.recipients { text += line(of: recipient) }
    // The sender of a report is nobody, who is told nothing.
    let hasDelayReport =
      !envelope.reversePath.isEmpty && envelope.recipients.contains { $0.notification.wantsDelay }
    if hasDelayReport { text += "\(prefix)Delay-Report: -\n" }
    return Array(text.utf8) + Array("\(prefix)Status: ".utf8) + status("not tried yet")
      + [UInt8(ascii: "\n")]
  }

  /// The line of a recipient; after the address comes what the sender wants to be told.
  private static func line(of recipient: SubmittedEnvelope.Recipient) -> String {
    var text = "\(prefix)To: - <\(safe(recipient.address))>"
    if let events = recipient.notification.events { text += " notify=\(events.text)" }
    if let original = recipient.notification.originalRecipient {
      // The last angle bracket of the line ends the address, whatever is in it.
      let value = original.text.utf8.flatMap { $0 == UInt8(ascii: ">") ? Array("+3E".utf8) : [$0] }
      text += " orcpt=\(safe(String(decoding: value, as: UTF8.self)))"
    }
    return text + "\n"
  }

  /// The text as it stands in the file: one line of exactly `statusBytes`.
  static func status(_ text: String) -> [UInt8] {
    let text = safe(text)
    var bytes = Array(text.utf8.prefix(statusBytes))
    // Cutting must not leave half a character behind.
    if text.utf8.count > statusBytes {
      while let last = bytes.last, last >= 0x80 { bytes.removeLast() }
    }
    return bytes + repeatElement(UInt8(ascii: " "), count: statusBytes - bytes.count)
  }

  /// The text without control characters: a last guard, for what comes here is validated.
  static func safe(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
    var safe = String.UnicodeScalarView()
    for character in text.unicodeScalars {
      // C0, DEL, and C1, which some terminals obey.
      let isControl = character.value < 0x20 || (0x7F...0x9F).contains(character.value)
      safe.append(isControl ? "?" : character)
    }
    return String(safe)
  }
}
