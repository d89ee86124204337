/// An address that mail can be sent to: local part, at sign, domain.
///
/// RFC 5321 §4.1.2. The local part is kept without quotes and with its case, which only its own
/// domain may interpret (RFC 5321 §2.4).
///
/// **Limits**: `Limits.localPartBytes` and `Limits.domainBytes`.
package struct Mailbox: Hashable, Sendable {
  /// The local part as it is meant, without the quotes it may need in text.
  ///
  /// It is visible ASCII and spaces, and the grammar lets it be empty: `""@home.example`.
  package let localPart: String
  /// The domain.
  package let domain: Domain

  /// The canonical text, quoted only where the grammar asks for it; it never holds a control byte.
  package var text: String { Self.quotedIfNeeded(localPart) + "@" + domain.text }

  /// The mailbox `localPart` at `domain`; nil if the local part is too long or not ASCII text.
  package init?(localPart: String, domain: Domain) {
    guard
      localPart.utf8.count <= Limits.localPartBytes,
      localPart.utf8.allSatisfy({ $0.isVisible || $0 == .space })
    else { return nil }
    self.localPart = localPart
    self.domain = domain
  }

  /// The mailbox that `text` spells without angle brackets; nil if it spells none.
  package init?(_ text: String) {
    var cursor = ByteCursor(text)
    guard let mailbox = Mailbox(parsing: &cursor), cursor.isAtEnd else { return nil }
    self = mailbox
  }

  /// Takes a mailbox from `cursor`, up to the first byte that cannot belong to it.
  // Limitation: addresses beyond ASCII (RFC 6531) are refused, and SMTPUTF8 is not offered.
  package init?(parsing cursor: inout ByteCursor) {
    let localPart: [UInt8]?
    if cursor.take(.quote) {
      localPart = Self.takeQuoted(&cursor)
    } else {
      let dotted = cursor.take { $0.isAtomText || $0 == .dot }
      localPart = Self.isDotString(dotted) ? Array(dotted) : nil
    }
    guard let localPart, cursor.take(.at) else { return nil }
    let isLiteral = cursor.next == UInt8(ascii: "[")
    var domainText = cursor.take {
      isLiteral ? $0.isVisible && $0 != UInt8(ascii: "]") : $0.belongsToName
    }
    if isLiteral {
      guard cursor.take(UInt8(ascii: "]")) else { return nil }
      domainText.append(UInt8(ascii: "]"))
    }
    guard let domain = Domain(domainText) else { return nil }
    self.init(localPart: String(decoding: localPart, as: UTF8.self), domain: domain)
  }

  /// Takes the rest of a quoted string, the opening quote being taken; nil if it does not end.
  private static func takeQuoted(_ cursor: inout ByteCursor) -> [UInt8]? {
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
      case _ where byte.isVisible || byte == .space:
        content.append(byte)
      default:
        return nil
      }
    }
    return nil
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

extension UInt8 {
  /// Whether the byte may stand in an atom, RFC 5322 §3.2.3.
  fileprivate var isAtomText: Bool {
    switch self {
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
      UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"),
      UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "{"),
      UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
      true
    default:
      isLetter || isDigit
    }
  }

  /// Whether the byte may stand in a domain name.
  fileprivate var belongsToName: Bool {
    isLetter || isDigit || self == .dot || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
  }
}
