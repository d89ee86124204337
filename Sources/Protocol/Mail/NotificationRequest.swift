/// What the sender of a message wants to be told about one recipient.
///
/// RFC 3461 §4.1 and §4.2: the parameters NOTIFY and ORCPT of RCPT.
package struct NotificationRequest: Equatable, Sendable {
  /// The events of NOTIFY; the empty set is NEVER.
  package struct Events: OptionSet, Sendable {
    /// The bits.
    package let rawValue: UInt8
    /// The set with these bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The message has been delivered, or handed to a host that makes no such reports.
    package static let success = Events(rawValue: 1)
    /// The message could not be delivered.
    package static let failure = Events(rawValue: 2)
    /// The message has been waiting for a while.
    package static let delay = Events(rawValue: 4)
  }

  /// What NOTIFY lists; nil where it was not given, which leaves it to this host.
  package var events: Events?
  /// The value of ORCPT as it was given, `type;xtext`, valid by `OriginalRecipient`.
  package var originalRecipient: OriginalRecipient?

  /// The request with these values.
  package init(events: Events? = nil, originalRecipient: OriginalRecipient? = nil) {
    self.events = events
    self.originalRecipient = originalRecipient
  }

  /// Whether a failure is to be told; it is unless NOTIFY says otherwise (RFC 3461 §4.1).
  package var wantsFailure: Bool { events?.contains(.failure) ?? true }
  /// Whether a long wait is to be told; where NOTIFY was not given that is this host's choice.
  package var wantsDelay: Bool { events?.contains(.delay) ?? true }
  /// Whether a success is to be told.
  package var wantsSuccess: Bool { events?.contains(.success) ?? false }
}

extension NotificationRequest.Events {
  /// The value of NOTIFY as it goes over the wire: `NEVER`, or a list by comma.
  package var text: String {
    let names = [(Self.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY")]
    return isEmpty ? "NEVER" : names.filter { contains($0.0) }.map(\.1).joined(separator: ",")
  }

  /// The events that the value of NOTIFY names; nil if it is malformed.
  package init?(parsing value: ArraySlice<UInt8>) {
    if value.isEqual(ignoringCaseTo: "NEVER") {
      self = []
      return
    }
    var events: Self = []
    for word in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      if word.isEqual(ignoringCaseTo: "SUCCESS") {
        events.insert(.success)
      } else if word.isEqual(ignoringCaseTo: "FAILURE") {
        events.insert(.failure)
      } else if word.isEqual(ignoringCaseTo: "DELAY") {
        events.insert(.delay)
      } else {
        return nil
      }
    }
    self = events
  }
}

/// The recipient as the first sender named it: the value of ORCPT, `type;xtext`.
///
/// RFC 3461 §4.2. It is kept as it was given and only ever passed on or quoted.
package struct OriginalRecipient: Equatable, Sendable {
  /// The value in visible ASCII.
  package let text: String

  /// The value that `bytes` spell; nil if they are malformed or over `Limits.originalRecipientBytes`.
  package init?(_ bytes: ArraySlice<UInt8>) {
    guard
      bytes.count <= Limits.originalRecipientBytes,
      let separator = bytes.firstIndex(of: UInt8(ascii: ";")), separator > bytes.startIndex,
      bytes[..<separator].allSatisfy({ $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }),
      XText.isValid(bytes[(separator + 1)...])
    else { return nil }
    text = String(decoding: bytes, as: UTF8.self)
  }
}

/// What the sender of a message wants of the reports about it as a whole.
///
/// RFC 3461 §4.3 and §4.4: the parameters RET and ENVID of MAIL.
package struct ReportRequest: Equatable, Sendable {
  /// How much of the message a report of failure returns.
  package enum Returned: String, Sendable {
    case full = "FULL"
    case headers = "HDRS"
  }

  /// The value of RET; nil where it was not given.
  package var returned: Returned?
  /// The value of ENVID as it was given, valid xtext of at most `Limits.envelopeIdentifierBytes`.
  package var envelopeIdentifier: String?

  /// The request with these values.
  package init(returned: Returned? = nil, envelopeIdentifier: String? = nil) {
    self.returned = returned
    self.envelopeIdentifier = envelopeIdentifier
  }
}

/// The encoding of parameter values that may hold anything, RFC 3461 §4: `+` and two hexadecimal digits.
package enum XText {
  /// Whether `bytes` are well formed, upper-case digits as the RFC has them.
  package static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
    var cursor = ByteCursor(bytes)
    while let byte = cursor.take() {
      if byte == UInt8(ascii: "+") {
        guard let high = cursor.take(), let low = cursor.take(), isDigit(high), isDigit(low) else {
          return false
        }
      } else if !byte.isVisible || byte == UInt8(ascii: "=") {
        return false
      }
    }
    return true
  }

  /// The bytes that valid xtext stands for.
  package static func decode(_ text: some StringProtocol) -> [UInt8] {
    var cursor = ByteCursor(ArraySlice(text.utf8))
    var bytes: [UInt8] = []
    while let byte = cursor.take() {
      guard byte == UInt8(ascii: "+") else {
        bytes.append(byte)
        continue
      }
      let high = cursor.take()?.hexadecimalValue ?? 0
      bytes.append(high << 4 | (cursor.take()?.hexadecimalValue ?? 0))
    }
    return bytes
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte.isDigit || (0x41...0x46).contains(byte)
  }
}
