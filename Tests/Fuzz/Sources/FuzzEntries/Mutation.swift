extension [UInt8] {
  /// The bytes cut into pieces, most of them short.
  func pieces(seed: UInt8) -> [[UInt8]] {
    var random = FixedRandom(seed: UInt64(seed))
    var pieces: [[UInt8]] = []
    var rest = self[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...(Bool.random(using: &random) ? 4 : 64), using: &random)
      pieces.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    return pieces
  }

  /// The bytes with a few changes of the kinds that parsers dislike.
  package func mutated(using random: inout FixedRandom) -> [UInt8] {
    var bytes = self
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      let end = Swift.min(bytes.count, place + Int.random(in: 1...8, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.removeSubrange(place..<end)
      case 1: bytes.insert(contentsOf: bytes[place..<end], at: bytes.startIndex)
      case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      case 3:
        bytes.insert(
          Array("\r\n\t <>@\":;(),.\\=\0\u{E9}".utf8).randomElement(using: &random) ?? 0, at: place)
      default:
        if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random) }
      }
    }
    return bytes
  }
}
