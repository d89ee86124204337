/// Unique-ids for messages whose names offer none (RFC 1939 §7).
enum UniqueID {
  /// Octets of each.
  static let hashLength = 32

  /// A stand-in for a part of a name: the same one for the same part, in every version.
  ///
  /// FNV-1a with 128 bits. It is no defence against names made to collide, which only a program
  /// that may write into the maildrop anyway could give.
  static func hash(of part: Span<UInt8>) -> [UInt8] {
    let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013B
    var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
    for index in part.indices {
      hash ^= UInt128(part[index])
      hash &*= prime
    }
    return (0..<hashLength).map { place in
      let digit = UInt8(truncatingIfNeeded: hash >> UInt128(4 * (hashLength - 1 - place))) & 15
      return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + (digit - 10)
    }
  }
}
