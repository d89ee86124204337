internal import Mail

/// A text with macros in it: the value of a modifier, or the name that a term is about.
///
/// RFC 7208 §7.1. It is kept as it is written, for a record may hold hundreds and few are expanded.
struct MacroString: Equatable, Sendable {
  private enum Piece: Equatable {
    case literal(ArraySlice<UInt8>)
    /// What `%%`, `%_` and `%-` stand for.
    case escape(String)
    case macro(Macro)
  }

  private let text: ArraySlice<UInt8>

  /// The text that is any macro string; nil if it is none.
  init?(_ text: ArraySlice<UInt8>) {
    guard Self.pieces(of: text) != nil else { return nil }
    self.text = text
  }

  /// The text that is a `domain-spec`: it ends with a top label or with a macro, and holds no macro
  /// that belongs to explanations; nil if it is none.
  init?(domainSpec text: ArraySlice<UInt8>) {
    guard let pieces = Self.pieces(of: text) else { return nil }
    for case .macro(let macro) in pieces where macro.letter.isForExplanations { return nil }
    guard let last = pieces.last else { return nil }
    if case .literal(let end) = last, !Self.endsWithTopLabel(end) { return nil }
    self.text = text
  }

  private var pieces: [Piece] { Self.pieces(of: text) ?? [] }

  /// The parts of a macro string; nil if the text is none.
  private static func pieces(of text: ArraySlice<UInt8>) -> [Piece]? {
    var pieces: [Piece] = []
    var cursor = ByteCursor(text)
    while !cursor.isAtEnd {
      let literal = cursor.take { $0.isVisible && $0 != UInt8(ascii: "%") }
      if !literal.isEmpty {
        pieces.append(.literal(literal))
      } else if cursor.take(UInt8(ascii: "%")), let piece = takeExpansion(&cursor) {
        pieces.append(piece)
      } else {
        return nil
      }
    }
    return pieces
  }

  /// Takes what follows a percent sign.
  private static func takeExpansion(_ cursor: inout ByteCursor) -> Piece? {
    switch cursor.take() {
    case UInt8(ascii: "%"): return .escape("%")
    case UInt8(ascii: "_"): return .escape(" ")
    case UInt8(ascii: "-"): return .escape("%20")
    case UInt8(ascii: "{"):
      let content = cursor.take { $0 != UInt8(ascii: "}") }
      guard cursor.take(UInt8(ascii: "}")) else { return nil }
      return Macro(content).map(Piece.macro)
    default: return nil
    }
  }

  /// Whether the text ends with a dot and a label that is no number, and perhaps another dot.
  private static func endsWithTopLabel(_ text: ArraySlice<UInt8>) -> Bool {
    let text = text.last == .dot ? text.dropLast() : text
    guard let dot = text.lastIndex(of: .dot) else { return false }
    let label = text[(dot + 1)...]
    let hyphen = UInt8(ascii: "-")
    return label.allSatisfy { $0.isLetter || $0.isDigit || $0 == hyphen }
      && !label.allSatisfy(\.isDigit) && label.first != hyphen && label.last != hyphen
  }

  /// Whether the macro with this letter is in it.
  func uses(_ letter: Macro.Letter) -> Bool {
    pieces.contains { if case .macro(let macro) = $0 { macro.letter == letter } else { false } }
  }

  /// The name that the text becomes, in lower case and without a dot at its end.
  ///
  /// Labels at the left are left out as long as it is too long for a name (RFC 7208 §7.3). It is
  /// expanded from the right and no further than that, so a record full of macros makes no megabytes.
  /// It may still be no name in the DNS, such as one with an empty label.
  func name(_ value: (Macro.Letter) -> String) -> String {
    var expanded: [[UInt8]] = []
    var count = 0
    for piece in pieces.reversed() where count < Limits.nameBytes + 2 {
      let bytes =
        switch piece {
        case .literal(let bytes): Array(bytes)
        case .escape(let text): Array(text.utf8)
        case .macro(let macro): macro.expanded(value(macro.letter))
        }
      expanded.append(bytes)
      count += bytes.count
    }
    var name = expanded.reversed().joined().map(\.lowercased)[...]
    if name.last == .dot { name.removeLast() }
    if name.count > Limits.nameBytes {
      let dot = name[(name.endIndex - Limits.nameBytes - 1)...].firstIndex(of: .dot)
      name = name[(dot.map { $0 + 1 } ?? name.endIndex)...]
    }
    return String(decoding: name, as: UTF8.self)
  }
}
