import Mail

/// A parameter of MAIL or RCPT, RFC 5321 §4.1.2: `KEYWORD` or `KEYWORD=value`.
struct Parameter {
  /// What became of a parameter that was handed to its command.
  enum Acceptance {
    case taken
    case malformed
    case unknown
  }

  /// The keyword in upper case, safe to be quoted.
  let keyword: String
  /// What stands after the equals sign; nil where there is none.
  let value: ArraySlice<UInt8>?

  /// Takes the next parameter; nil at the end.
  init?(parsing cursor: inout ByteCursor) {
    cursor.skipSpaces()
    guard !cursor.isAtEnd else { return nil }
    let word = cursor.take { $0 != UInt8(ascii: "=") && $0 != .space }
    value = cursor.take(UInt8(ascii: "=")) ? cursor.take { $0 != .space } : nil
    keyword = String(escaping: word.map { $0.isLetter ? $0 & 0xDF : $0 }, limit: 64)
  }
}

extension NotificationRequest {
  /// Takes over a parameter of RCPT.
  mutating func take(_ parameter: Parameter) -> Parameter.Acceptance {
    switch parameter.keyword {
    case "NOTIFY":
      guard let value = parameter.value, let events = Events(parsing: value) else {
        return .malformed
      }
      self.events = events
    case "ORCPT":
      guard let value = parameter.value, let recipient = OriginalRecipient(value) else {
        return .malformed
      }
      originalRecipient = recipient
    default:
      return .unknown
    }
    return .taken
  }
}
