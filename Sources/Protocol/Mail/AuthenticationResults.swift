/// The field in which a host says how a message was authenticated when it came in.
///
/// RFC 8601. It is only worth what nobody else can write: `HeaderPass` removes those that a message
/// brings along in this host's name.
package struct AuthenticationResults: Sendable {
  /// How a message is authenticated, RFC 8601 §2.7.
  package enum Method: String, Sendable {
    case spf
    case auth
    case iprev
  }

  /// What came of it, RFC 8601 §2.7.
  package enum Outcome: String, Sendable {
    case none
    case pass
    case fail
    case softfail
    case neutral
    case policy
    case temperror
    case permerror
  }

  /// What has been looked at, such as `smtp.mailfrom`, RFC 8601 §2.3.
  package struct Property: Sendable {
    /// The type and the name, with the dot between them.
    package var name: StaticString
    /// The value as it came.
    package var value: String

    package init(_ name: StaticString, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The result of one method.
  package struct Result: Sendable {
    /// How it was authenticated.
    package var method: Method
    /// What came of it.
    package var outcome: Outcome
    /// Why, for people; nil where that says itself.
    package var reason: String?
    /// What has been looked at.
    package var properties: [Property]

    package init(
      _ method: Method, _ outcome: Outcome, reason: String? = nil, properties: [Property] = []
    ) {
      self.method = method
      self.outcome = outcome
      self.reason = reason
      self.properties = properties
    }
  }

  /// The name of this host.
  package var server: Domain
  /// The results; none says that no authentication was tried.
  package var results: [Result]

  /// The field of this server with these results.
  package init(server: Domain, results: [Result]) {
    self.server = server
    self.results = results
  }

  /// The field in stored form, folded, with its last LF.
  package var text: String {
    var field = FoldedField("Authentication-Results:")
    field.append(server.text + ";")
    guard !results.isEmpty else {
      field.append("none")
      return field.text
    }
    for (index, result) in results.enumerated() {
      field.startLine()
      var words = ["\(result.method.rawValue)=\(result.outcome.rawValue)"]
      if let reason = result.reason { words.append("reason=" + Self.quoted(reason)) }
      words += result.properties.map { "\($0.name)=" + Self.text(of: $0.value) }
      if index < results.count - 1 { words[words.count - 1] += ";" }
      for word in words { field.append(word) }
    }
    return field.text
  }

  /// The octets that a value from elsewhere may take up.
  private static var valueBytes: Int { 320 }

  /// The value as the grammar has it: an address or a token as it is, anything else in quotes.
  private static func text(of value: String) -> String {
    let domain = value.utf8.first == .at ? Domain(String(value.utf8.dropFirst()) ?? "") : nil
    if let domain { return "@" + domain.text }
    if let mailbox = Mailbox(value) { return mailbox.text }
    let isToken = !value.isEmpty && value.utf8.allSatisfy(\.isTokenText)
    return isToken && value.utf8.count <= valueBytes ? value : quoted(value)
  }

  private static func quoted(_ text: String) -> String {
    var quoted: [UInt8] = [.quote]
    for byte in String(escaping: text.utf8, limit: valueBytes).utf8 {
      if byte == .quote || byte == .backslash { quoted.append(.backslash) }
      quoted.append(byte)
    }
    return String(decoding: quoted + [.quote], as: UTF8.self)
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
