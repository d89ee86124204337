/// Who a queued message is from and for, and what has become of each recipient.
package struct QueueEnvelope: Equatable, Sendable {
  /// What has become of a recipient; the raw value is the byte in the file.
  package enum State: UInt8, Sendable {
    case toDo = 0x2D  // -
    case delivered = 0x2B  // +
    case failed = 0x21  // !
  }

  /// One recipient.
  package struct Recipient: Equatable, Sendable {
    /// The forward path as it goes over the wire, without angle brackets.
    package let address: String
    /// What has become of it.
    package var state: State
    /// Where in the file the byte of the state is.
    let offset: Int
  }

  /// The reverse path without angle brackets; empty for a report (RFC 5321 §4.5.5).
  package let reversePath: String
  /// The recipients, in the order of arrival.
  package var recipients: [Recipient]
  /// Unix time of arrival in seconds.
  package let arrived: Int64
  /// Whether the content was declared 8BITMIME (RFC 6152).
  package let is8Bit: Bool
  /// What happened at the last attempt, for the admin.
  package var status: String
  /// Where in the file the text of the status is.
  let statusOffset: Int
  /// Where in the file the message itself begins.
  package let contentOffset: Int

  /// Whether a recipient is still to be done.
  package var isUnfinished: Bool { recipients.contains { $0.state == .toDo } }
}

extension QueueEnvelope {
  /// The field that begins each line of the envelope.
  private static let prefix = "Gatepost-"
  /// The room for the status in bytes, filled up with spaces so that it can be written in place.
  static let statusBytes = 200
  /// A file whose envelope is longer is not one of ours: room for 5,000 usual recipients and more.
  static let limitBytes = 512 << 10
  /// How much of it the fields besides the recipients may take.
  private static let otherBytes = 4 << 10

  /// Whether an envelope with these recipients can be read again, once it is written.
  ///
  /// - Parameter addressBytes: the octets of all their forward paths together.
  package static func hasRoom(forRecipients count: Int, addressBytes: Int) -> Bool {
    let lineBytes = "\(prefix)To: - <>\n".utf8.count
    return count * lineBytes + addressBytes <= limitBytes - otherBytes
  }

  /// The header fields of a new message's envelope.
  ///
  /// - Precondition: the addresses are valid paths, so without control characters.
  static func header(
    reversePath: String, recipients: [String], arrived: Int64, is8Bit: Bool, origin: String
  ) -> [UInt8] {
    var text = "\(prefix)Arrived: \(arrived)\n\(prefix)Origin: \(safe(origin))\n"
    text += "\(prefix)From: <\(safe(reversePath))>\n"
    if is8Bit { text += "\(prefix)Body: 8BITMIME\n" }
    for recipient in recipients { text += "\(prefix)To: - <\(safe(recipient))>\n" }
    var bytes = Array(text.utf8)
    bytes += Array("\(prefix)Status: ".utf8)
    bytes += status("not tried yet")
    bytes.append(UInt8(ascii: "\n"))
    return bytes
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

  /// The text without what could end a line: a last guard, for what comes here is validated.
  static func safe(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { return text }
    return String(
      decoding: text.utf8.map { $0 >= 0x20 && $0 != 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }

  /// Parses the envelope at the beginning of a file.
  ///
  /// - Parameter bytes: the beginning of the file, at least to the first line of the message.
  /// - Returns: nil if it is not whole: the file is damaged or not one of ours.
  package init?(parsing bytes: [UInt8]) {
    var reversePath: String?
    var recipients: [Recipient] = []
    var arrived: Int64?
    var is8Bit = false
    var status: (text: String, offset: Int)?
    var start = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = bytes[start..<end]
      guard line.starts(with: Self.prefix.utf8), let colon = line.firstIndex(of: UInt8(ascii: ":"))
      else { break }
      let valueStart = colon + 2
      guard valueStart <= end else { return nil }
      let value = bytes[valueStart..<end]
      let text = String(decoding: value, as: UTF8.self)
      switch String(decoding: line[(start + Self.prefix.utf8.count)..<colon], as: UTF8.self) {
      case "Arrived": arrived = Int64(text)
      case "From": reversePath = Self.path(value)
      case "Body": is8Bit = text == "8BITMIME"
      case "Status": status = (Self.trimmed(text), valueStart)
      case "To":
        guard let first = value.first, let state = State(rawValue: first),
          let address = Self.path(value.dropFirst(2))
        else { return nil }
        recipients.append(Recipient(address: address, state: state, offset: valueStart))
      default: break  // of a later version, or for the admin
      }
      start = end + 1
    }
    guard let reversePath, let arrived, let status, !recipients.isEmpty, start < bytes.count else {
      return nil
    }
    self.reversePath = reversePath
    self.recipients = recipients
    self.arrived = arrived
    self.is8Bit = is8Bit
    self.status = status.text
    statusOffset = status.offset
    contentOffset = start
  }

  private static func path(_ bytes: ArraySlice<UInt8>) -> String? {
    guard bytes.count >= 2, bytes.first == UInt8(ascii: "<"), bytes.last == UInt8(ascii: ">") else {
      return nil
    }
    return String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self)
  }

  private static func trimmed(_ text: String) -> String {
    let end = text.utf8.lastIndex { $0 != UInt8(ascii: " ") }
    return end.map { String(text[...$0]) } ?? ""
  }
}
