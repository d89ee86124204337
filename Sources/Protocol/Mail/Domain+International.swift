extension Domain {
  /// The ASCII form of a name with labels beyond ASCII; nil if one of them can be no label.
  ///
  /// RFC 5891 §4, as far as it needs no tables of our own: a label is lower-cased and then made of
  /// letters, marks and digits that no normalization would change, a mark does not come first, and
  /// there are no hyphens at its ends or in its third and fourth place together. The full stops of
  /// East Asian keyboards separate labels too (RFC 3490 §3.1).
  // Limitation: a decomposed letter is not composed (NFC), and names a domain of its own. The joiners
  // and the points that RFC 5892 allows in some contexts are refused, and the order of directions
  // (RFC 5893) is not looked at: whether such a domain exists is for the DNS to say.
  static func asciiName(of bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let name = String(validating: bytes, as: UTF8.self) else { return nil }
    var ascii: [UInt8] = []
    let labels = name.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: isDot)
    for (index, label) in labels.enumerated() {
      if index > 0 { ascii.append(.dot) }
      if label.allSatisfy(\.isASCII) {
        ascii += Array(String(label).utf8)
      } else {
        guard let encoded = encodedLabel(label) else { return nil }
        ascii += Array("xn--".utf8) + encoded
      }
    }
    return ascii[...]
  }

  private static func isDot(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "." || scalar == "\u{3002}" || scalar == "\u{FF0E}" || scalar == "\u{FF61}"
  }

  private static func encodedLabel(_ label: Substring.UnicodeScalarView) -> [UInt8]? {
    let scalars = label.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
    guard
      // The Kelvin sign becomes a k: a name that is ASCII after all is to be written in ASCII.
      !scalars.allSatisfy(\.isASCII),
      scalars.allSatisfy(isPermitted),
      let first = scalars.first, !isMark(first), first != "-", scalars.last != "-",
      scalars.count < 4 || scalars[2] != "-" || scalars[3] != "-"
    else { return nil }
    return Punycode.encode(scalars)
  }

  /// Whether a label may have the scalar, RFC 5892 §3 in short.
  private static func isPermitted(_ scalar: Unicode.Scalar) -> Bool {
    if let ascii = UInt8(exactly: scalar.value), ascii < 0x80 {
      return ascii.isLetter || ascii.isDigit || ascii == UInt8(ascii: "-")
    }
    // The exceptions of RFC 5892 §2.6 that are words' letters: sharp s, final sigma, the zero of Han.
    if scalar == "\u{DF}" || scalar == "\u{3C2}" || scalar == "\u{3007}" { return true }
    // Such are the wide and the mathematical letters, and all that is not seen.
    if scalar.properties.changesWhenNFKCCaseFolded { return false }
    switch scalar.properties.generalCategory {
    case .lowercaseLetter, .otherLetter, .modifierLetter, .decimalNumber: return true
    default: return isMark(scalar)
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark: true
    default: false
    }
  }
}
