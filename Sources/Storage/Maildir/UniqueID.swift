/// The unique-ids of messages (RFC 1939 §7).
enum UniqueID {
  /// Octets of one that is made.
  static let hashLength = 32

  /// Whether the unique part of a name can serve as it is.
  static func isValid(_ unique: ArraySlice<UInt8>) -> Bool {
    (1...Limits.uniqueIDBytes).contains(unique.count)
      && unique.allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// A stand-in for a unique part that cannot: the same one for the same name, in every version.
  ///
  /// FNV-1a with 128 bits. It is no defence against names made to collide, which only a program
  /// that may write into the maildrop anyway could give.
  static func hash(of unique: ArraySlice<UInt8>) -> [UInt8] {
    let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013B
    var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
    for octet in unique {
      hash ^= UInt128(octet)
      hash &*= prime
    }
    return (0..<hashLength).map { place in
      let digit = UInt8(truncatingIfNeeded: hash >> UInt128(4 * (hashLength - 1 - place))) & 15
      return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + (digit - 10)
    }
  }
}
