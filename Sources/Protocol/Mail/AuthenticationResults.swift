/// The field in which a host says how a message was authenticated when it came in.
///
/// RFC 8601. It is only worth what nobody else can write: `HeaderPass` removes those that a message
/// brings along in this host's name.
package enum AuthenticationResults {
  /// The field of `server` with a result in the form of RFC 8601 §2.2, `spf=pass smtp.helo=a.example`.
  ///
  /// It is in stored form, folded, with its last LF.
  package static func field(of server: Domain, result: String) -> String {
    var field = FoldedField("Authentication-Results:")
    field.append(server.text + ";")
    field.startLine()
    for word in result.split(separator: " ") { field.append(String(word)) }
    return field.text
  }

  /// The server that the value of such a field names, in lower case; nil if it names none.
  ///
  /// RFC 8601 §2.2: a token or a quoted string, with comments before it.
  static func server(in value: ArraySlice<UInt8>) -> String? {
    var cursor = ByteCursor(value)
    guard cursor.skipCommentsAndBlanks() else { return nil }
    var name: [UInt8] = []
    if cursor.next == .quote {
      guard let quoted = cursor.takeQuotedString() else { return nil }
      var content = ByteCursor(quoted.dropFirst().dropLast())
      while let byte = content.take() {
        if let kept = byte == .backslash ? content.take() : byte { name.append(kept) }
      }
    } else {
      name = Array(cursor.take { $0.isTokenText || $0 >= 0x80 })
    }
    guard !name.isEmpty else { return nil }
    if let domain = Domain(name[...], allowsUTF8: true) { return domain.text }
    return String(decoding: name.map(\.lowercased), as: UTF8.self)
  }
}

extension UInt8 {
  /// Whether the byte may stand in a token, RFC 2045 §5.1.
  fileprivate var isTokenText: Bool {
    switch self {
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), .at,
      UInt8(ascii: ","), UInt8(ascii: ";"), .colon, .backslash, .quote, UInt8(ascii: "/"),
      UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "?"), UInt8(ascii: "="):
      false
    default:
      isVisible
    }
  }
}
