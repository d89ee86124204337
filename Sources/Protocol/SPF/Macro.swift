internal import Mail

/// One `%{...}` of a macro string: a value of the message, and what is done to it.
///
/// RFC 7208 §7.1.
struct Macro: Equatable, Sendable {
  /// What the macro stands for (RFC 7208 §7.2).
  enum Letter: String {
    case sender = "s"
    case localPart = "l"
    case senderDomain = "o"
    case domain = "d"
    case address = "i"
    case validatedName = "p"
    case family = "v"
    case clientName = "h"
    case readableAddress = "c"
    case receiver = "r"
    case time = "t"

    /// Whether it may stand in explanations only, which are not fetched here.
    var isForExplanations: Bool {
      self == .readableAddress || self == .receiver || self == .time
    }
  }

  var letter: Letter
  /// Whether what may not stand in a URL is escaped: the letter is upper-case.
  var escapes = false
  /// How many parts are kept, from the right; nil for all.
  var kept: Int?
  var reverses = false
  /// What the value is split at; none for dots.
  var delimiters: ArraySlice<UInt8> = []

  /// The macro that is written between `%{` and `}`; nil if it is none.
  init?(_ text: ArraySlice<UInt8>) {
    var cursor = ByteCursor(text)
    guard
      let first = cursor.take(),
      let letter = Letter(rawValue: String(decoding: [first.lowercased], as: UTF8.self))
    else { return nil }
    self.letter = letter
    escapes = first != first.lowercased
    let digits = cursor.take(while: \.isDigit)
    if !digits.isEmpty {
      // Any number of digits is allowed; no value has as many parts as three of them can say.
      let significant = digits.drop { $0 == UInt8(ascii: "0") }
      if significant.isEmpty { return nil }
      kept = significant.count > 3 ? 999 : Int(String(decoding: significant, as: UTF8.self))
    }
    reverses = cursor.take(word: "r")
    delimiters = cursor.take { Self.delimiters.contains($0) }
    guard cursor.isAtEnd else { return nil }
  }

  private static let delimiters: [UInt8] = Array(".-+,/_=".utf8)

  /// What the macro makes of the value it stands for.
  func expanded(_ value: String) -> [UInt8] {
    let separators = delimiters.isEmpty ? [.dot] : delimiters
    var parts = value.utf8.split(omittingEmptySubsequences: false) { separators.contains($0) }
    if reverses { parts.reverse() }
    if let kept { parts = parts.suffix(kept) }
    let result = Array(parts.joined(separator: [.dot]))
    return escapes ? Self.escaped(result) : result
  }

  /// The text with `%HH` for all that is not unreserved in a URL (RFC 3986 §2.3).
  private static func escaped(_ text: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return text.flatMap { byte in
      byte.isLetter || byte.isDigit || unreserved.contains(byte)
        ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }

  private static let unreserved: [UInt8] = Array("-._~".utf8)
}
