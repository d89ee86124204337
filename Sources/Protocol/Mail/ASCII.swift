/// The bytes that mean something to a mail protocol.
extension UInt8 {
  /// NUL.
  package static var nul: UInt8 { 0x00 }
  /// The horizontal tab.
  package static var tab: UInt8 { 0x09 }
  /// LF.
  package static var lineFeed: UInt8 { 0x0A }
  /// CR.
  package static var carriageReturn: UInt8 { 0x0D }
  /// The space.
  package static var space: UInt8 { 0x20 }
  /// The double quote.
  package static var quote: UInt8 { 0x22 }
  /// The full stop.
  package static var dot: UInt8 { 0x2E }
  /// The colon.
  package static var colon: UInt8 { 0x3A }
  /// The at sign.
  package static var at: UInt8 { 0x40 }
  /// The backslash.
  package static var backslash: UInt8 { 0x5C }

  /// Whether the byte is an ASCII letter.
  package var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) }

  /// Whether the byte is an ASCII digit.
  package var isDigit: Bool { (0x30...0x39).contains(self) }

  /// Whether the byte is visible ASCII: neither a control, nor a space, nor above 126.
  package var isVisible: Bool { (0x21...0x7E).contains(self) }

  /// The byte, an upper-case ASCII letter as its lower-case one.
  package var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }

  /// The value of an ASCII hexadecimal digit, nil for any other byte.
  package var hexadecimalValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}

extension String {
  /// The string with its ASCII letters in lower case, without the tables of Unicode.
  package var asciiLowercased: String {
    String(decoding: utf8.map(\.lowercased), as: UTF8.self)
  }
}
