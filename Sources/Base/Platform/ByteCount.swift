/// A number of bytes as an administrator writes and reads it: `50MB`, `64K`, `1GiB`.
///
/// The units are powers of 1024, as in systemd: a limit that is a little too generous harms nobody,
/// one that refuses a mail of exactly 50 MB does.
package struct ByteCount: Comparable, Hashable, Sendable, CustomStringConvertible {
  /// The number of bytes, never negative.
  package let bytes: Int

  private static var units: [(spellings: [String], bytes: Int)] {
    [
      (["", "b"], 1), (["kb", "k", "kib"], 1 << 10), (["mb", "m", "mib"], 1 << 20),
      (["gb", "g", "gib"], 1 << 30),
    ]
  }

  package init(bytes: Int) {
    precondition(bytes >= 0, "a count of bytes is not negative")
    self.bytes = bytes
  }

  /// The count that the text spells, white space allowed before the unit; nil if it spells none.
  package init?(_ text: some StringProtocol) {
    var number = 0
    var rest = Array(text.utf8)[...]
    guard let first = rest.first, (0x30...0x39).contains(first) else { return nil }
    while let digit = rest.first, (0x30...0x39).contains(digit) {
      let (shifted, isOver) = number.multipliedReportingOverflow(by: 10)
      let (sum, isOverToo) = shifted.addingReportingOverflow(Int(digit) - 0x30)
      if isOver || isOverToo { return nil }
      number = sum
      rest = rest.dropFirst()
    }
    while rest.first == 0x20 { rest = rest.dropFirst() }
    let spelling = String(decoding: rest.map { $0 | 0x20 }, as: UTF8.self)
    guard let unit = Self.units.first(where: { $0.spellings.contains(spelling) }) else {
      return nil
    }
    let (bytes, isOver) = number.multipliedReportingOverflow(by: unit.bytes)
    if isOver { return nil }
    self.bytes = bytes
  }

  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

  /// The exact count in the largest unit that divides it: `64MB`, `1025`.
  package var description: String {
    let unit = Self.units.last { bytes >= $0.bytes && bytes % $0.bytes == 0 } ?? ([""], 1)
    return "\(bytes / unit.bytes)\(unit.spellings[0].uppercased())"
  }

  /// The count for a list that people read, rounded down: `999B`, `12KB`, `3MB`.
  package var rounded: String {
    let unit = Self.units.last { bytes >= $0.bytes } ?? ([""], 1)
    return "\(bytes / unit.bytes)\(unit.bytes == 1 ? "B" : unit.spellings[0].uppercased())"
  }
}
