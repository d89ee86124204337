/// The encoding of a label beyond ASCII in ASCII, RFC 3492, with the parameters of domain names.
///
/// There is no decoder: what is beyond ASCII comes in from clients, and only its ASCII form is kept.
enum Punycode {
  // RFC 3492 §5.
  private static let base = 36
  private static let lowestThreshold = 1
  private static let highestThreshold = 26
  private static let skew = 38
  private static let damping = 700
  private static let initialBias = 72
  private static let initialScalar = 0x80

  /// The encoding of a label, without the `xn--` before it.
  ///
  /// RFC 3492 §6.3. No sum can overflow with the few hundred scalars that a domain has room for.
  static func encode(_ label: [Unicode.Scalar]) -> [UInt8] {
    let basic = label.filter(\.isASCII)
    var output = basic.map { UInt8(truncatingIfNeeded: $0.value) }
    if !basic.isEmpty { output.append(UInt8(ascii: "-")) }
    let values = label.map { Int($0.value) }
    var current = initialScalar
    var bias = initialBias
    var delta = 0
    var handled = basic.count
    while handled < values.count {
      guard let next = values.filter({ $0 >= current }).min() else { break }
      delta += (next - current) * (handled + 1)
      current = next
      for value in values {
        if value < current { delta += 1 }
        guard value == current else { continue }
        append(delta, bias: bias, to: &output)
        bias = adapted(delta, count: handled + 1, isFirst: handled == basic.count)
        delta = 0
        handled += 1
      }
      delta += 1
      current += 1
    }
    return output
  }

  /// Appends `delta` as an integer of variable length.
  private static func append(_ delta: Int, bias: Int, to output: inout [UInt8]) {
    var rest = delta
    var place = base
    while true {
      let threshold = min(max(place - bias, lowestThreshold), highestThreshold)
      guard rest >= threshold else { break }
      output.append(digit(threshold + (rest - threshold) % (base - threshold)))
      rest = (rest - threshold) / (base - threshold)
      place += base
    }
    output.append(digit(rest))
  }

  /// The bias after a delta, RFC 3492 §6.1.
  private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
    var delta = isFirst ? delta / damping : delta / 2
    delta += delta / count
    var bias = 0
    while delta > (base - lowestThreshold) * highestThreshold / 2 {
      delta /= base - lowestThreshold
      bias += base
    }
    return bias + (base - lowestThreshold + 1) * delta / (delta + skew)
  }

  /// `a` to `z`, then `0` to `9`.
  private static func digit(_ value: Int) -> UInt8 {
    UInt8(value < 26 ? 0x61 + value : 0x30 + value - 26)
  }
}
