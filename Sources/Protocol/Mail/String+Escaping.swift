extension String {
  /// The bytes as text that is safe within one line of a log, a header or a reply.
  ///
  /// Visible ASCII and the space stay; a tab becomes a space; every other byte becomes `\xHH`. No
  /// byte from a peer can so end the line it is quoted in, move the cursor of a terminal, or turn
  /// the direction of writing. What is over `limit` octets of the result is left out, and said so
  /// by three dots. The text is for reading: it is not meant to be undone.
  package init(escaping bytes: some Sequence<UInt8>, limit: Int = Limits.quotedTextBytes) {
    let digits = Array("0123456789abcdef".utf8)
    var safe: [UInt8] = []
    for byte in bytes {
      // Room is kept for the longest escape and for the three dots.
      if safe.count > limit - 7 {
        safe += [.dot, .dot, .dot]
        break
      }
      if byte.isVisible || byte == .space {
        safe.append(byte)
      } else if byte == .tab {
        safe.append(.space)
      } else {
        safe += [.backslash, UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    self.init(decoding: safe, as: UTF8.self)
  }
}
