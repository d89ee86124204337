internal import Mail

/// The pieces of a SCRAM message between its commas, `letter=value` (RFC 5802 §5.1).
enum SCRAMAttribute {
  /// The value of a piece, if it is the attribute of that letter.
  static func value(of letter: Character, in piece: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let mark = "\(letter)="
    return piece.starts(with: mark.utf8) ? piece.dropFirst(mark.utf8.count) : nil
  }

  /// Whether a piece is an extension that may be ignored, as no attribute of ours is.
  ///
  /// `m` is for extensions that must not be ignored, and ends the exchange wherever it comes.
  static func isOptionalExtension(_ piece: ArraySlice<UInt8>) -> Bool {
    guard piece.count > 2, let letter = piece.first, letter.isLetter else { return false }
    return piece[piece.startIndex + 1] == UInt8(ascii: "=") && !"aceimnprsv".utf8.contains(letter)
  }

  /// The pieces of a message, with those that are empty.
  static func pieces(of message: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
  }
}
