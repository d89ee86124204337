/// The authors that the value of a `From:` field names, as far as they can be read.
///
/// RFC 5322 §3.4. A group (RFC 6854) counts for its members. Where something cannot be read, or is not
/// as the grammar has it, the rest is written anew: a field that is added has to be well formed, for
/// servers refuse a message with one that is not.
struct AuthorList {
  /// One author: an address, and what is displayed for it.
  private struct Author {
    var name: [UInt8]
    var mailbox: Mailbox
  }

  private let authors: [Author]
  /// The value as it came, nil if it is not well formed.
  private let original: [UInt8]?

  /// The authors in `value`, which may be folded and have comments.
  init(_ value: ArraySlice<UInt8>) {
    var authors: [Author] = []
    var isWellFormed = true
    for part in Self.parts(of: value, isWellFormed: &isWellFormed) {
      guard let mailbox = Mailbox(soleAuthorIn: part) else {
        isWellFormed = false
        continue
      }
      let written = Self.displayName(in: part)
      let name = Self.phrase(written)
      if !name.elementsEqual(written) || mailbox.text != mailbox.headerText { isWellFormed = false }
      authors.append(Author(name: name, mailbox: mailbox))
    }
    self.authors = authors
    original = isWellFormed && !authors.isEmpty ? Array(value) : nil
  }

  /// The one author; nil if there is none, or there are several.
  var sole: Mailbox? { authors.count == 1 ? authors[0].mailbox : nil }

  /// What is displayed for the one author, fit for a field; empty if there is nothing.
  var soleName: [UInt8] { authors.count == 1 ? authors[0].name : [] }

  /// The value of a field that names all of them, from behind its colon; nil if nobody can be read.
  var value: [UInt8]? {
    if let original { return original }
    if authors.isEmpty { return nil }
    let texts = authors.map { author in
      author.name.isEmpty
        ? Array(author.mailbox.headerText.utf8)
        : author.name + Array(" <\(author.mailbox.headerText)>".utf8)
    }
    return [.space] + texts.joined(separator: Array(",\n ".utf8))
  }

  /// The parts between commas, without what makes them a group.
  private static func parts(
    of value: ArraySlice<UInt8>, isWellFormed: inout Bool
  ) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var cursor = ByteCursor(value)
    var start = value.startIndex
    var isBracketed = false
    while let byte = cursor.next {
      let place = cursor.rest.startIndex
      switch byte {
      case UInt8(ascii: "("):
        if !cursor.skipCommentsAndBlanks() { isWellFormed = false }
        continue
      case .quote:
        if cursor.takeQuotedString() == nil { isWellFormed = false }
        continue
      case UInt8(ascii: "<"): isBracketed = true
      case UInt8(ascii: ">"): isBracketed = false
      case UInt8(ascii: ",") where !isBracketed:
        parts.append(value[start..<place])
        start = place + 1
      case UInt8(ascii: ";") where !isBracketed:
        isWellFormed = false
        parts.append(value[start..<place])
        start = place + 1
      case .colon where !isBracketed:
        isWellFormed = false
        start = place + 1
      default: break
      }
      _ = cursor.take()
    }
    parts.append(value[start...])
    return parts.filter { part in
      let isEmpty = part.allSatisfy { $0 == .space || $0 == .tab || $0 == .lineFeed }
      if isEmpty { isWellFormed = false }
      return !isEmpty
    }
  }

  /// What stands before the address in angle brackets, as it is written; empty if there is nothing.
  private static func displayName(in value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var cursor = ByteCursor(value)
    guard cursor.skipCommentsAndBlanks() else { return [] }
    let start = cursor.rest.startIndex
    while let byte = cursor.next, byte != UInt8(ascii: "<") {
      switch byte {
      case .quote: guard cursor.takeQuotedString() != nil else { return [] }
      case UInt8(ascii: "("): guard cursor.skipCommentsAndBlanks() else { return [] }
      default: _ = cursor.take()
      }
    }
    // An address alone has no brackets, and so no name before them.
    guard !cursor.isAtEnd else { return [] }
    var name = value[start..<cursor.rest.startIndex]
    while let last = name.last, last == .space || last == .tab || last == .lineFeed {
      name.removeLast()
    }
    return name
  }

  /// The name as it is written if it is a phrase (RFC 5322 §3.2.5), and in quotes if it is none.
  private static func phrase(_ name: ArraySlice<UInt8>) -> [UInt8] {
    var cursor = ByteCursor(name)
    while cursor.skipCommentsAndBlanks(), let byte = cursor.next {
      if byte == .quote {
        if cursor.takeQuotedString()?.contains(where: \.isForeignToText) != false { break }
      } else if cursor.take(while: \.isAtomText).isEmpty {
        break
      }
    }
    if cursor.isAtEnd { return Array(name) }
    var quoted: [UInt8] = [.quote]
    for byte in name where !byte.isForeignToText && byte != .quote && byte != .backslash {
      quoted.append(byte)
    }
    return quoted + [.quote]
  }
}

extension UInt8 {
  /// Whether the byte is a control that no quoted string may have.
  fileprivate var isForeignToText: Bool {
    self < .space && self != .tab && self != .lineFeed || self == 0x7F
  }
}
