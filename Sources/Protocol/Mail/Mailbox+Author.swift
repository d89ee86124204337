extension Mailbox {
  /// The one author that the value of a `From:` field names; nil if it names several or cannot be read.
  ///
  /// RFC 5322 §3.4: `mailbox` or `Any Name <mailbox>`, folded, with comments. A list, a group (RFC 6854)
  /// and a source route are none.
  init?(soleAuthorIn value: ArraySlice<UInt8>) {
    var cursor = ByteCursor(value)
    guard var text = Self.takeText(&cursor) else { return nil }
    if cursor.take(UInt8(ascii: "<")) {
      guard
        let bracketed = Self.takeText(&cursor), cursor.take(UInt8(ascii: ">")),
        cursor.skipCommentsAndBlanks(), cursor.isAtEnd
      else { return nil }
      text = bracketed
    }
    guard cursor.isAtEnd else { return nil }
    var address = ByteCursor(text[...])
    guard let mailbox = Mailbox(parsing: &address, allowsUTF8: true), address.isAtEnd else {
      return nil
    }
    self = mailbox
  }

  /// Takes what is left of a name or address without its comments, and with single spaces.
  private static func takeText(_ cursor: inout ByteCursor) -> [UInt8]? {
    var text: [UInt8] = []
    guard cursor.skipCommentsAndBlanks() else { return nil }
    while let byte = cursor.next {
      switch byte {
      case .space, .tab, .lineFeed, .carriageReturn, UInt8(ascii: "("):
        guard cursor.skipCommentsAndBlanks() else { return nil }
        text.append(.space)
      case .quote:
        guard let quoted = cursor.takeQuotedString() else { return nil }
        text += quoted
      case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ";"), .colon:
        if text.last == .space { text.removeLast() }
        return text
      default:
        text.append(byte)
        _ = cursor.take()
      }
    }
    if text.last == .space { text.removeLast() }
    return text
  }
}

/// The lexical parts of structured fields, RFC 5322 §3.2.
extension ByteCursor {
  /// Skips blanks, line ends and comments; false if a comment does not end.
  mutating func skipCommentsAndBlanks() -> Bool {
    var depth = 0
    while let byte = next {
      switch byte {
      case .space, .tab, .lineFeed, .carriageReturn: break
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")") where depth > 0: depth -= 1
      case .backslash where depth > 0: _ = take()
      default: if depth == 0 { return true }
      }
      _ = take()
    }
    return depth == 0
  }

  /// Takes a quoted string, and gives it with its quotes; nil if it does not end.
  mutating func takeQuotedString() -> ArraySlice<UInt8>? {
    let start = rest
    guard take(.quote) else { return nil }
    while let byte = take() {
      if byte == .quote { return start[..<rest.startIndex] }
      if byte == .backslash { _ = take() }
    }
    return nil
  }
}
