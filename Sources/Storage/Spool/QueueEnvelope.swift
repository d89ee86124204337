package import Mail
package import Platform

/// Who a queued message is from and for, and what has become of each recipient.
///
/// It is the beginning of the message's file, one field a line, in UTF-8 without control characters:
///
///     Gatepost-Arrived: 1763706000                          Unix time
///     Gatepost-Origin: 192.168.1.7 trusted network          who handed it in, and by what right
///     Gatepost-From: <me@home.example>                      the reverse path
///     Gatepost-Body: 8BITMIME                               these five only where they were declared
///     Gatepost-SMTPUTF8: yes
///     Gatepost-REQUIRETLS: yes
///     Gatepost-RET: HDRS
///     Gatepost-ENVID: QQ314159
///     Gatepost-To: - <ann@far.example> notify=FAILURE,DELAY orcpt=rfc822;ann@far.example
///     Gatepost-Delay-Report: -                              + when the sender was told of a delay
///     Gatepost-Status: ann@far.example: 450 4.2.0 later     what happened at the last attempt
///
/// The first character of a recipient is its `State`; that and the two last fields are written in
/// place. A field that is not known is passed over, so that a later version may add some.
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
    /// What the sender wants to be told of it.
    package let notification: NotificationRequest
    /// Where in the file the byte of the state is.
    let offset: Int

    /// The forward path as a value; nil if it is none.
    package var path: ForwardPath? { ForwardPath("<\(address)>", allowsUTF8: true) }
  }

  /// The address of the client that has handed it in; nil for a report.
  package let client: IPAddress?
  /// Whether a stranger has handed it in, whose mail an address of ours has sent on.
  let isOfStranger: Bool
  /// The reverse path without angle brackets; empty for a report (RFC 5321 §4.5.5).
  package let reversePath: String
  /// The reverse path as a value; nil if it is none.
  package var sender: ReversePath? { ReversePath("<\(reversePath)>", allowsUTF8: true) }
  /// The recipients, in the order of arrival.
  package var recipients: [Recipient]
  /// Unix time of arrival in seconds.
  package let arrived: Int64
  /// Whether the content was declared 8BITMIME (RFC 6152).
  package let is8Bit: Bool
  /// Whether the message was declared SMTPUTF8 (RFC 6531).
  package let isInternationalized: Bool
  /// Whether the message was declared REQUIRETLS (RFC 8689).
  package let requiresTLS: Bool
  /// What the sender wants of reports as a whole.
  package let report: ReportRequest
  /// What happened at the last attempt, for the admin.
  package var status: String
  /// Whether the sender has been told that the message is delayed; nil where nobody wants to be.
  package let isDelayReported: Bool?
  /// Where in the file the byte is that says so.
  let delayReportOffset: Int?
  /// Where in the file the text of the status is.
  let statusOffset: Int
  /// Where in the file the message itself begins.
  package let contentOffset: Int

  /// Whether a recipient is still to be done.
  package var isUnfinished: Bool { recipients.contains { $0.state == .toDo } }
}

extension QueueEnvelope {
  /// Parses the envelope at the beginning of a file.
  ///
  /// - Parameter bytes: the beginning of the file, at least to the first line of the message.
  /// - Returns: nil if it is not whole: the file is damaged or not one of ours.
  package init?(parsing bytes: [UInt8]) {
    var client: IPAddress?
    var isOfStranger = false
    var reversePath: String?
    var recipients: [Recipient] = []
    var arrived: Int64?
    var is8Bit = false
    var isInternationalized = false
    var requiresTLS = false
    var report = ReportRequest()
    var delayReport: (isMade: Bool, offset: Int)?
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
      case "Arrived":
        // From 1970 to 9999, the last year that a report can write; no sum with it overflows.
        arrived = Int64(text).map { min(max($0, 0), 253_402_300_799) }
      case "Origin":
        client = IPAddress(text.prefix { $0 != " " })
        isOfStranger = SubmittedEnvelope.isOfStranger(text)
      case "From": reversePath = Self.path(value)
      case "Body": is8Bit = text == "8BITMIME"
      case "SMTPUTF8": isInternationalized = text == "yes"
      case "REQUIRETLS": requiresTLS = text == "yes"
      case "RET": report.returned = ReportRequest.Returned(rawValue: text)
      case "ENVID": report.envelopeIdentifier = XText.isValid(value) ? text : nil
      case "Delay-Report": delayReport = (value.first != State.toDo.rawValue, valueStart)
      case "Status": status = (Self.trimmed(text), valueStart)
      case "To":
        guard let first = value.first, let state = State(rawValue: first),
          let end = value.lastIndex(of: UInt8(ascii: ">")),
          let address = Self.path(value[...end].dropFirst(2)),
          let notification = Self.notification(value[end...].dropFirst())
        else { return nil }
        recipients.append(
          Recipient(
            address: address, state: state, notification: notification, offset: valueStart))
      default: break  // of a later version, or for the admin
      }
      start = end + 1
    }
    guard let reversePath, let arrived, let status, !recipients.isEmpty, start < bytes.count else {
      return nil
    }
    self.client = client
    self.isOfStranger = isOfStranger
    self.reversePath = reversePath
    self.recipients = recipients
    self.arrived = arrived
    self.is8Bit = is8Bit
    self.isInternationalized = isInternationalized
    self.requiresTLS = requiresTLS
    self.report = report
    isDelayReported = delayReport?.isMade
    delayReportOffset = delayReport?.offset
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

  /// What stands after an address; nil if it is damaged: a request not to be told would be lost.
  private static func notification(_ bytes: ArraySlice<UInt8>) -> NotificationRequest? {
    var request = NotificationRequest()
    var cursor = ByteCursor(bytes)
    while !cursor.isAtEnd {
      guard cursor.take(.space) else { return nil }
      if cursor.take(word: "notify=") {
        request.events = .init(parsing: cursor.take { $0 != .space })
        guard request.events != nil else { return nil }
      } else if cursor.take(word: "orcpt=") {
        request.originalRecipient = OriginalRecipient(cursor.take { $0 != .space })
      } else {
        _ = cursor.take { $0 != .space }  // of a later version
      }
    }
    return request
  }

  private static func trimmed(_ text: String) -> String {
    let end = text.utf8.lastIndex { $0 != UInt8(ascii: " ") }
    return end.map { String(text[...$0]) } ?? ""
  }
}
