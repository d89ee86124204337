/// The base 64 encoding of RFC 4648 §4, as SASL profiles use it: one line, padded.
///
/// **Failures.** Decoding is strict, for a lenient decoder lets two texts mean the same secret:
/// no white space, no missing or misplaced padding, no bits left over in the last group
/// (RFC 4648 §3.5).
///
/// **Limits.** The decoder refuses a text whose result would be over the caller's limit before
/// it allocates anything.
package enum Base64 {
  /// The encoding of some octets, padded.
  package static func encode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var rest = bytes
    while !rest.isEmpty {
      let group = rest.prefix(3)
      rest = rest.dropFirst(3)
      var bits: UInt32 = 0
      for byte in group { bits = bits << 8 | UInt32(byte) }
      bits <<= 8 * UInt32(3 - group.count)
      for place in 0..<4 {
        let sextet = UInt8(truncatingIfNeeded: bits >> UInt32(18 - 6 * place)) & 0x3F
        text.append(place <= group.count ? symbol(of: sextet) : padding)
      }
    }
    return text
  }

  /// The encoding of some octets, padded.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    encode(bytes[...])
  }

  /// The octets a text stands for; nil when it is not canonical or they are more than `limit`.
  package static func decode(_ text: ArraySlice<UInt8>, limit: Int) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    guard let last = text.last else { return [] }
    let paddingCount = last != padding ? 0 : text[text.endIndex - 2] != padding ? 1 : 2
    let count = text.count / 4 * 3 - paddingCount
    guard count <= limit else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var bits: UInt32 = 0
    var bitCount: UInt32 = 0
    for octet in text.dropLast(paddingCount) {
      guard let sextet = value(of: octet) else { return nil }
      bits = bits << 6 | UInt32(sextet)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
        bits &= (1 << bitCount) - 1
      }
    }
    return bits == 0 ? bytes : nil
  }

  private static let padding = UInt8(ascii: "=")

  private static func symbol(of sextet: UInt8) -> UInt8 {
    switch sextet {
    case 0..<26: UInt8(ascii: "A") + sextet
    case 26..<52: UInt8(ascii: "a") + (sextet - 26)
    case 52..<62: UInt8(ascii: "0") + (sextet - 52)
    case 62: UInt8(ascii: "+")
    default: UInt8(ascii: "/")
    }
  }

  private static func value(of symbol: UInt8) -> UInt8? {
    switch symbol {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): symbol - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): symbol - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): symbol - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
