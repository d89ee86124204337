/// An address that mail can be sent to: local part, at sign, domain.
///
/// RFC 5321 §4.1.2. The local part is kept without quotes and with its case, which only its own
/// domain may interpret (RFC 5321 §2.4). It is beyond ASCII only where that is asked for (RFC 6531
/// §3.3); then it is UTF-8 without controls and without marks that turn the direction of writing.
///
/// Dots that begin or end a local part, or follow one another, are taken although the grammar asks for
/// quotes around them: carriers have given out such addresses for years. They go on as they came.
///
/// **Limits**: `Limits.localPartBytes` and `Limits.domainBytes`.
package struct Mailbox: Hashable, Sendable {
  /// The local parts that mail is taken for in every domain, in small letters (RFC 5321 §4.5.1, and
  /// RFC 2142 §2 for complaints).
  package static let requiredNames: Set = ["postmaster", "abuse"]

  /// The local part as it is meant, without the quotes it may need in text.
  ///
  /// It has no controls, and the grammar lets it be empty: `""@home.example`.
  package let localPart: String
  /// The domain.
  package let domain: Domain
  /// Whether the local part came without the quotes that the grammar asks for, because of its dots.
  private var isUnquoted = false

  /// The text for an envelope, a list or a log; it never holds a control byte.
  ///
  /// The local part is quoted only where the grammar asks for it, and not where it came without.
  package var text: String { isUnquoted ? localPart + "@" + domain.text : headerText }

  /// The text for a header field, quoted wherever the grammar asks for it (RFC 5322 §3.4.1).
  package var headerText: String { Self.quotedIfNeeded(localPart) + "@" + domain.text }

  /// Whether a host without SMTPUTF8 can be told the address; the domain always is ASCII.
  package var isASCII: Bool { localPart.utf8.allSatisfy { $0 < 0x80 } }

  /// The mailbox `localPart` at `domain`; nil if the local part is too long or not text as allowed.
  package init?(localPart: String, domain: Domain, allowsUTF8: Bool = false) {
    guard
      localPart.utf8.count <= Limits.localPartBytes,
      localPart.utf8.allSatisfy({ $0.isText(allowsUTF8: allowsUTF8) }),
      !allowsUTF8 || localPart.unicodeScalars.allSatisfy(Self.isHarmless)
    else { return nil }
    self.localPart = localPart
    self.domain = domain
  }

  /// The mailbox that `text` spells without angle brackets; nil if it spells none.
  package init?(_ text: String, allowsUTF8: Bool = false) {
    var cursor = ByteCursor(text)
    guard let mailbox = Mailbox(parsing: &cursor, allowsUTF8: allowsUTF8), cursor.isAtEnd else {
      return nil
    }
    self = mailbox
  }

  /// Takes a mailbox from `cursor`, up to the first byte that cannot belong to it.
  ///
  /// - Parameter localDomain: the domain of a local part that stands alone; nil where none may.
  // Limitation: a local part is not normalized (NFC): it is passed on as it came.
  package init?(
    parsing cursor: inout ByteCursor, allowsUTF8: Bool = false, localDomain: Domain? = nil
  ) {
    let highest: UInt8 = allowsUTF8 ? 0xFF : 0x7F
    let octets: [UInt8]?
    let isQuoted = cursor.take(.quote)
    if isQuoted {
      octets = Self.takeQuoted(&cursor, allowsUTF8: allowsUTF8)
    } else {
      let dotted = cursor.take { $0 <= highest && ($0.isAtomText || $0 == .dot) }
      octets = dotted.allSatisfy { $0 == .dot } ? nil : Array(dotted)
    }
    guard
      let octets, let localPart = String(validating: octets, as: UTF8.self),
      let domain = Self.takeDomain(&cursor, allowsUTF8: allowsUTF8, localDomain: localDomain)
    else { return nil }
    self.init(localPart: localPart, domain: domain, allowsUTF8: allowsUTF8)
    isUnquoted = !isQuoted && !Self.isDotString(octets)
  }

  /// Takes the at sign and what follows it; where there is none, the domain is `localDomain`.
  private static func takeDomain(
    _ cursor: inout ByteCursor, allowsUTF8: Bool, localDomain: Domain?
  ) -> Domain? {
    guard cursor.take(.at) else { return localDomain }
    let highest: UInt8 = allowsUTF8 ? 0xFF : 0x7F
    let isLiteral = cursor.next == UInt8(ascii: "[")
    var domainText = cursor.take {
      isLiteral
        ? $0.isVisible && $0 != UInt8(ascii: "]") : $0 <= highest && $0.belongsToName
    }
    if isLiteral {
      guard cursor.take(UInt8(ascii: "]")) else { return nil }
      domainText.append(UInt8(ascii: "]"))
    }
    return Domain(domainText, allowsUTF8: allowsUTF8)
  }

  /// Takes the rest of a quoted string, the opening quote being taken; nil if it does not end.
  private static func takeQuoted(_ cursor: inout ByteCursor, allowsUTF8: Bool) -> [UInt8]? {
    var content: [UInt8] = []
    while let byte = cursor.take() {
      switch byte {
      case .quote:
        return content
      case .backslash:
        guard let escaped = cursor.take(), escaped.isVisible || escaped == .space else {
          return nil
        }
        content.append(escaped)
      case _ where byte.isText(allowsUTF8: allowsUTF8):
        content.append(byte)
      default:
        return nil
      }
    }
    return nil
  }

  /// Whether the scalar cannot end a line, move a cursor, or make an address look like another.
  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x80...0x9F: false  // the controls beyond ASCII
    case 0x61C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: false  // directions of writing
    case 0x2028, 0x2029: false  // the ends of a line and of a paragraph
    default: true
    }
  }

  private static func isDotString(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.split(separator: .dot, omittingEmptySubsequences: false).allSatisfy { atom in
      !atom.isEmpty && atom.allSatisfy(\.isAtomText)
    }
  }

  private static func quotedIfNeeded(_ localPart: String) -> String {
    if isDotString(localPart.utf8) { return localPart }
    var quoted: [UInt8] = [.quote]
    for byte in localPart.utf8 {
      if byte == .quote || byte == .backslash { quoted.append(.backslash) }
      quoted.append(byte)
    }
    quoted.append(.quote)
    return String(decoding: quoted, as: UTF8.self)
  }
}

extension Mailbox {
  /// Whether two mailboxes are the same octets.
  ///
  /// Strings compare by what their text means, and take two spellings of an accented letter for
  /// equal; whether these are one mailbox, only its own domain may say.
  package static func == (one: Mailbox, other: Mailbox) -> Bool {
    one.domain == other.domain && one.localPart.utf8.elementsEqual(other.localPart.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(domain)
    for byte in localPart.utf8 { hasher.combine(byte) }
  }
}

extension UInt8 {
  /// Whether the byte may stand in a local part, if need be in quotes.
  fileprivate func isText(allowsUTF8: Bool) -> Bool {
    isVisible || self == .space || allowsUTF8 && self >= 0x80
  }

  /// Whether the byte may stand in an atom, RFC 5322 §3.2.3 and RFC 6532 §3.2.
  var isAtomText: Bool {
    switch self {
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
      UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"),
      UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "{"),
      UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
      true
    default:
      isLetter || isDigit || self >= 0x80
    }
  }

  /// Whether the byte may stand in a domain name.
  fileprivate var belongsToName: Bool {
    isLetter || isDigit || self == .dot || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
      || self >= 0x80
  }
}
