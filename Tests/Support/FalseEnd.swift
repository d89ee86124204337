/// What some servers take for the end of content, and what becomes of it here.
///
/// A message reads `text`, the false end, and then a second message with its commands. End of data is
/// CRLF, dot, CRLF and nothing else (RFC 5321 §4.1.1.4; CVE-2023-51764 and its kin).
package struct FalseEnd: Sendable, CustomStringConvertible {
  /// What a message comes to.
  package enum Outcome: Equatable, Sendable {
    /// It is refused at its true end, for this reason.
    case refused(String)
    /// It is stored, and this stands between `text` and what follows.
    case stored(String)
  }

  /// The octets.
  package let octets: String
  /// After DATA.
  package let data: Outcome
  /// After DATA, where bare line feeds are mended.
  package let mendedData: Outcome
  /// In chunks.
  package let chunks: Outcome
  /// In chunks, where bare line feeds are mended.
  package let mendedChunks: Outcome

  package var description: String {
    octets.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
  }

  /// The outcome of one of the four ways.
  package func outcome(isChunked: Bool, isMended: Bool) -> Outcome {
    switch (isChunked, isMended) {
    case (false, false): data
    case (false, true): mendedData
    case (true, false): chunks
    case (true, true): mendedChunks
    }
  }

  /// A bare line feed among others: it is refused, or mended to `text`.
  private static func feed(_ octets: String, _ text: String) -> FalseEnd {
    let (refused, mended) = (Outcome.refused("LF without CR"), Outcome.stored(text))
    return FalseEnd(
      octets: octets, data: refused, mendedData: mended, chunks: refused, mendedChunks: mended)
  }

  /// What nobody mends.
  private static func broken(_ octets: String, _ reason: String) -> FalseEnd {
    let refused = Outcome.refused(reason)
    return FalseEnd(
      octets: octets, data: refused, mendedData: refused, chunks: refused, mendedChunks: refused)
  }

  /// A line like any other, which in chunks has no dot undone.
  private static func line(_ octets: String, _ data: String, _ chunks: String) -> FalseEnd {
    FalseEnd(
      octets: octets, data: .stored(data), mendedData: .stored(data), chunks: .stored(chunks),
      mendedChunks: .stored(chunks))
  }

  /// Every end that is none.
  package static let all: [FalseEnd] = [
    feed("\n.\n", "\n.\n"), feed("\n.\r\n", "\n.\n"), feed("\r\n.\n", "\n.\n"),
    feed("\n\n.\n\n", "\n\n.\n\n"), feed("\r\n.\n.\r\n", "\n.\n.\n"),
    FalseEnd(
      octets: "\n..\n", data: .refused("LF without CR"), mendedData: .stored("\n.\n"),
      chunks: .refused("LF without CR"), mendedChunks: .stored("\n..\n")),
    // Mended, the first half of it is a line end; the CR is bare all the same.
    FalseEnd(
      octets: "\n.\r", data: .refused("LF without CR"), mendedData: .refused("CR without LF"),
      chunks: .refused("LF without CR"), mendedChunks: .refused("CR without LF")),
    FalseEnd(
      octets: "\n\r.\n\r", data: .refused("LF without CR"), mendedData: .refused("CR without LF"),
      chunks: .refused("LF without CR"), mendedChunks: .refused("CR without LF")),
    broken("\r.\r", "CR without LF"), broken("\r.\n", "CR without LF"),
    broken("\r.\r\n", "CR without LF"), broken("\r\n.\r", "CR without LF"),
    broken("\r\n.\r\r\n", "CR without LF"), broken("\r\r\n.\r\r\n", "CR without LF"),
    broken("\r\r.\r\r", "CR without LF"), broken("\r\0\n.\r\0\n", "CR without LF"),
    broken("\r\n\0.\r\n", "NUL byte"), broken("\r\n.\0\r\n", "NUL byte"),
    broken("\0\n.\0\n", "NUL byte"), broken("\0.\0", "NUL byte"),
    line("\r\n. \r\n", "\n \n", "\n. \n"), line("\r\n.\t\r\n", "\n\t\n", "\n.\t\n"),
    line("\r\n..\r\n", "\n.\n", "\n..\n"), line("\r\n .\r\n", "\n .\n", "\n .\n"),
    line("\u{B}.\u{B}", "\u{B}.\u{B}", "\u{B}.\u{B}"),
    line("\u{C}.\u{C}", "\u{C}.\u{C}", "\u{C}.\u{C}"),
    line("\u{85}.\u{85}", "\u{85}.\u{85}", "\u{85}.\u{85}"),
    line("\u{2028}.\u{2028}", "\u{2028}.\u{2028}", "\u{2028}.\u{2028}"),
  ]
}
