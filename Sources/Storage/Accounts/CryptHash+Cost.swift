/// The cost of a hash of crypt(3), which its own text says: whoever writes it must not stall the thread that checks
/// passwords, nor take the memory of a small machine.
extension CryptHash {
  /// Why the hash costs too much to be checked, for a sentence about it; nil if it does not.
  var excess: String? {
    let fields = text.utf8.split(separator: Self.dollar, omittingEmptySubsequences: false)
      .map { Array($0) }
    guard fields.count > 2 else { return nil }
    let method = String(decoding: fields[1], as: UTF8.self)
    switch method {
    case "2a", "2b", "2x", "2y":
      let cost = Self.number(fields[2])
      return cost > Limits.mostBcryptCost
        ? "its cost of \(cost) is over \(Limits.mostBcryptCost)" : nil
    case "7": return Self.excess(ofScrypt: fields[2])
    case "y", "gy": return Self.excess(ofYescrypt: fields[2])
    case "sha1": return Self.excess(ofRounds: Self.number(fields[2]))
    default:
      // `rounds=N` is a field of its own, and of Sun's MD5 behind a comma.
      let marks = [fields[2], Array(fields[1].drop { $0 != UInt8(ascii: ",") }.dropFirst())]
      guard let mark = marks.first(where: { $0.starts(with: "rounds=".utf8) }) else { return nil }
      return Self.excess(ofRounds: Self.number(Array(mark.dropFirst(7))))
    }
  }

  private static let dollar = UInt8(ascii: "$")

  private static func excess(ofRounds rounds: Int) -> String? {
    rounds > Limits.mostCryptRounds ? "its rounds are over \(Limits.mostCryptRounds)" : nil
  }

  /// - Parameter passes: how often the memory is gone through, as a multiple of what is usual.
  private static func excess(logN: Int, r: Int, passes: Int) -> String? {
    // Checked one after the other, as the product of large ones has no place in a number.
    let isBounded = logN <= 24 && r <= 1 << 16 && passes <= 4
    if isBounded, (128 * r) << logN <= Limits.mostCryptBytes { return nil }
    return "its check would take more than \(Limits.mostCryptBytes >> 20) MB of memory, or too long"
  }

  /// One character for the logarithm of N, five each for r and p.
  private static func excess(ofScrypt text: [UInt8]) -> String? {
    let digits = text.prefix(11).map { digit($0) ?? 63 }
    guard digits.count == 11 else { return nil }
    func number(_ range: Range<Int>) -> Int {
      digits[range].reversed().reduce(0) { $0 << 6 | $1 }
    }
    return excess(logN: digits[0], r: number(1..<6), passes: number(6..<11))
  }

  /// The flavour, the logarithm of N, and r; then perhaps a set of what follows: p, t, upgrades, a ROM.
  private static func excess(ofYescrypt text: [UInt8]) -> String? {
    var rest = text[...]
    guard
      take(&rest, from: 0) != nil, let logN = take(&rest, from: 1), let r = take(&rest, from: 1)
    else { return nil }
    var passes = 1
    if !rest.isEmpty {
      guard let further = take(&rest, from: 1) else { return nil }
      if further & 1 != 0 { passes = take(&rest, from: 2) ?? .max }
      if further & 2 != 0 { passes = max(passes, 1 + min(take(&rest, from: 1) ?? .max, 1 << 20)) }
      if further & ~3 != 0 { passes = .max }
    }
    return excess(logN: logN, r: r, passes: passes)
  }

  /// A number as yescrypt writes it, whose first digit tells how many there are.
  private static func take(_ rest: inout ArraySlice<UInt8>, from least: Int) -> Int? {
    guard let first = rest.popFirst().flatMap({ digit($0) }) else { return nil }
    var (value, start, end, further) = (least, 0, 47, 0)
    while first > end {
      value += (end + 1 - start) << (6 * further)
      start = end + 1
      end = start + (62 - end) / 2
      further += 1
    }
    value += (first - start) << (6 * further)
    for place in (0..<further).reversed() {
      guard let next = rest.popFirst().flatMap({ digit($0) }) else { return nil }
      value += next << (6 * place)
    }
    return value
  }

  /// The value of a digit in the base 64 of crypt(3): `./0-9A-Za-z`.
  private static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "."): 0
    case UInt8(ascii: "/"): 1
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30 + 2
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte) - 0x41 + 12
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte) - 0x61 + 38
    default: nil
    }
  }

  /// The decimal number at the beginning; a very large one where it has too many digits.
  private static func number(_ text: [UInt8]) -> Int {
    let digits = text.prefix { (0x30...0x39).contains($0) }
    return digits.count > 12 ? .max : digits.reduce(0) { $0 * 10 + Int($1 & 15) }
  }
}
