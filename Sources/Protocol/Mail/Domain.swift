/// The part of an address after the at sign: a domain name, or the literal of an IP address.
///
/// RFC 5321 §2.3.5 and §4.1.2. Names are kept in lower case, so that equal domains are equal values.
/// The underscore is let pass, since hosts have it in their names. A name beyond ASCII is kept in its
/// ASCII form (RFC 5890 §2.3.2.1), in which the DNS, the configuration and every old peer know it.
package struct Domain: Hashable, Sendable {
  /// The canonical text; a literal stands in its brackets.
  package let text: String

  /// The IP address when the domain is one, nil when it is a name.
  package var addressLiteral: AddressLiteral? {
    text.utf8.first == UInt8(ascii: "[") ? AddressLiteral(literal: ArraySlice(text.utf8)) : nil
  }

  /// The domain with this name; nil if it is no domain name.
  ///
  /// Not accepted: an empty label or one over 63 octets, a hyphen at the end of a label, a dot at the
  /// end, anything beyond ASCII, and a last label of digits only, which is a mistyped IP address.
  package init?(_ name: String) {
    self.init(name: ArraySlice(name.utf8))
  }

  /// Whether the domain has more labels in front of those of another.
  package func isBelow(_ domain: Domain) -> Bool { text.hasSuffix("." + domain.text) }

  /// The domain that is an IP address.
  package init(_ literal: AddressLiteral) {
    text = literal.text
  }

  /// The domain name or the bracketed literal that `bytes` spell; nil if they are neither.
  ///
  /// With `allowsUTF8` the name may have labels beyond ASCII (RFC 6531 §3.3).
  package init?(_ bytes: ArraySlice<UInt8>, allowsUTF8: Bool = false) {
    if bytes.first == UInt8(ascii: "[") {
      guard let literal = AddressLiteral(literal: bytes) else { return nil }
      self.init(literal)
    } else if allowsUTF8, bytes.contains(where: { $0 >= 0x80 }) {
      guard bytes.count <= Limits.domainBytes, let name = Self.asciiName(of: bytes) else {
        return nil
      }
      self.init(name: name)
    } else {
      self.init(name: bytes)
    }
  }

  private init?(name bytes: ArraySlice<UInt8>) {
    guard bytes.count <= Limits.domainBytes else { return nil }
    let labels = bytes.split(separator: .dot, omittingEmptySubsequences: false)
    guard
      labels.allSatisfy(Self.isLabel),
      let last = labels.last, !last.allSatisfy(\.isDigit)
    else { return nil }
    text = String(decoding: bytes.map(\.lowercased), as: UTF8.self)
  }

  private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
    let hyphen = UInt8(ascii: "-")
    return (1...Limits.labelBytes).contains(label.count)
      && label.first != hyphen && label.last != hyphen
      && label.allSatisfy { $0.isLetter || $0.isDigit || $0 == hyphen || $0 == UInt8(ascii: "_") }
  }
}
