import Mail

extension StringProtocol where SubSequence == Substring {
  /// The text without white space, carriage returns included, at its ends.
  var trimmed: Substring {
    let isSpace = { (byte: UInt8) in
      byte == .space || byte == .tab || byte == .carriageReturn
    }
    var rest = self[...]
    while let first = rest.utf8.first, isSpace(first) { rest = rest.utf8.dropFirst().text }
    while let last = rest.utf8.last, isSpace(last) { rest = rest.utf8.dropLast().text }
    return rest
  }

  /// The trimmed texts between the separators; none when the whole text is empty.
  func fields(separatedBy separator: UInt8) -> [Substring] {
    if trimmed.isEmpty { return [] }
    var fields: [Substring] = []
    var start = startIndex
    while let end = utf8[start...].firstIndex(of: separator) {
      fields.append(self[start..<end].trimmed)
      start = utf8.index(after: end)
    }
    fields.append(self[start...].trimmed)
    return fields
  }

  /// The number that the text writes in decimal digits and nothing else, up to 18 of them.
  var decimal: Int? {
    guard (1...18).contains(utf8.count), utf8.allSatisfy(\.isDigit) else { return nil }
    return utf8.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }
}

extension Substring.UTF8View {
  fileprivate var text: Substring { Substring(self) }
}

/// The text as a message quotes it: no byte of a file can break the line or the terminal.
func quoted(_ text: some StringProtocol) -> String {
  "\"" + String(escaping: text.utf8, limit: Limits.quotedValueBytes) + "\""
}
