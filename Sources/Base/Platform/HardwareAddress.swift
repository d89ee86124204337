/// The address of a network interface on its link, such as an Ethernet address (IEEE 802 MAC-48).
package struct HardwareAddress: Hashable, Sendable, CustomStringConvertible {
  /// Its six octets, the first in the most significant place.
  private let value: UInt64

  /// The address of these octets; nil if they are not six, or the same for nobody and everybody.
  package init?(_ octets: some Collection<UInt8>) {
    guard octets.count == 6 else { return nil }
    value = octets.reduce(0) { $0 << 8 | UInt64($1) }
    if value == 0 || value == 0xFFFF_FFFF_FFFF { return nil }
  }

  /// Parses `02:00:5e:10:00:01`.
  package init?(_ text: some StringProtocol) {
    let fields = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    let octets = fields.compactMap { field -> UInt8? in
      field.count == 2 && field.allSatisfy(\.isHexadecimalDigit)
        ? UInt8(String(decoding: field, as: UTF8.self), radix: 16) : nil
    }
    guard octets.count == fields.count else { return nil }
    self.init(octets)
  }

  /// As `ip neighbour` prints it.
  package var description: String {
    (0..<6).map { place in
      UInt8(truncatingIfNeeded: value >> (40 - 8 * UInt64(place))).hexadecimal
    }.joined(separator: ":")
  }
}

extension UInt8 {
  /// The octet as two digits of base 16, in small letters.
  package var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16) }

  fileprivate var isHexadecimalDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
