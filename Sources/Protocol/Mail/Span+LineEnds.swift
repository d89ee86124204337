/// The search for line ends, eight bytes at a step: content passes here at the speed of a copy.
extension Span<UInt8> {
  /// The index of the first line feed at or after `start`, or `count`.
  func firstLineFeed(from start: Int) -> Int {
    let feeds: UInt64 = 0x0A0A_0A0A_0A0A_0A0A
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var index = start
    while index &+ 8 <= count {
      let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      let differences = UInt64(littleEndian: word) ^ feeds
      // The lowest bit that is set marks the first byte that was equal; higher ones may be false.
      let found = (differences &- ones) & ~differences & highs
      if found != 0 { return index &+ found.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < count, self[index] != .lineFeed { index &+= 1 }
    return index
  }

  /// Whether the bytes that `range` names are all below 128.
  func isASCII(in range: Range<Int>) -> Bool {
    var index = range.lowerBound
    while index &+ 8 <= range.upperBound {
      let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      if word & 0x8080_8080_8080_8080 != 0 { return false }
      index &+= 8
    }
    while index < range.upperBound, self[index] < 0x80 { index &+= 1 }
    return index == range.upperBound
  }

  /// The index of the first CR, LF or NUL at or after `start`, or `count`.
  func firstLineControl(from start: Int) -> Int {
    // Every byte searched for is below 14; the others below it are rare in mail, except the tab.
    let bounds: UInt64 = 0x0E0E_0E0E_0E0E_0E0E
    let highs: UInt64 = 0x8080_8080_8080_8080
    var index = start
    while index &+ 8 <= count {
      let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      let value = UInt64(littleEndian: word)
      let found = (value &- bounds) & ~value & highs
      guard found != 0 else {
        index &+= 8
        continue
      }
      index &+= found.trailingZeroBitCount / 8
      if self[index].endsOrBreaksLine { return index }
      index &+= 1
    }
    while index < count, !self[index].endsOrBreaksLine { index &+= 1 }
    return index
  }
}

extension UInt8 {
  fileprivate var endsOrBreaksLine: Bool {
    self == .carriageReturn || self == .lineFeed || self == .nul
  }
}

extension [UInt8] {
  /// Appends the bytes of `span` that `range` names, in one copy.
  mutating func append(_ span: Span<UInt8>, _ range: Range<Int>) {
    unsafe span.extracting(range).withUnsafeBufferPointer { bytes in
      unsafe append(contentsOf: bytes)
    }
  }
}
