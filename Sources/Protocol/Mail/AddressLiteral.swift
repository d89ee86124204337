/// An IP address in the place of a domain: `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
///
/// RFC 5321 §4.1.3. Two literals of the same address are equal, however they were written.
package struct AddressLiteral: Hashable, Sendable {
  /// The address as it stands without brackets and tag, IPv6 in the form of RFC 5952.
  package let address: String

  /// Whether the address is of IPv6.
  package var isIPv6: Bool { address.utf8.contains(.colon) }

  /// The literal in brackets.
  package var text: String { isIPv6 ? "[IPv6:\(address)]" : "[\(address)]" }

  /// The literal of an address written without brackets; nil if it is none.
  package init?(address: String) {
    self.init(address: ArraySlice(address.utf8))
  }

  /// The literal written in brackets; nil if it is none, or of a kind that is not known.
  package init?(literal bytes: ArraySlice<UInt8>) {
    var cursor = ByteCursor(bytes)
    guard cursor.take(UInt8(ascii: "[")) else { return nil }
    let isIPv6 = cursor.take(word: "IPv6:")
    let address = cursor.take { $0 != UInt8(ascii: "]") }
    guard
      cursor.take(UInt8(ascii: "]")), cursor.isAtEnd,
      isIPv6 == address.contains(.colon)
    else { return nil }
    self.init(address: address)
  }

  private init?(address bytes: ArraySlice<UInt8>) {
    if bytes.contains(.colon) {
      guard let groups = Self.ipv6Groups(of: bytes) else { return nil }
      address = Self.ipv6Text(of: groups)
    } else {
      guard let octets = Self.ipv4Octets(of: bytes) else { return nil }
      address = octets.map { String($0) }.joined(separator: ".")
    }
  }

  /// The four octets of a dotted address; a leading zero is refused, as some read it as octal.
  private static func ipv4Octets(of bytes: ArraySlice<UInt8>) -> [UInt8]? {
    let parts = bytes.split(separator: .dot, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var octets: [UInt8] = []
    for part in parts {
      guard
        (1...3).contains(part.count), part.allSatisfy(\.isDigit),
        part.count == 1 || part.first != UInt8(ascii: "0"),
        let octet = UInt8(String(decoding: part, as: UTF8.self))
      else { return nil }
      octets.append(octet)
    }
    return octets
  }

  /// The eight groups of an IPv6 address, of which one run of zeros may be left out.
  private static func ipv6Groups(of bytes: ArraySlice<UInt8>) -> [UInt16]? {
    let gap = bytes.indices.dropLast().first { bytes[$0] == .colon && bytes[$0 + 1] == .colon }
    guard let gap else {
      guard let groups = groupList(bytes, mayEndDotted: true), groups.count == 8 else { return nil }
      return groups
    }
    guard
      let head = groupList(bytes[..<gap], mayEndDotted: false),
      let tail = groupList(bytes[(gap + 2)...], mayEndDotted: true),
      head.count + tail.count < 8
    else { return nil }
    let zeros = [UInt16](repeating: 0, count: 8 - head.count - tail.count)
    return head + zeros + tail
  }

  /// The groups between colons, none for no bytes; the last two may be a dotted IPv4 address.
  private static func groupList(_ bytes: ArraySlice<UInt8>, mayEndDotted: Bool) -> [UInt16]? {
    var groups: [UInt16] = []
    guard !bytes.isEmpty else { return groups }
    var rest = bytes.split(separator: .colon, omittingEmptySubsequences: false)[...]
    var dotted: [UInt8] = []
    if mayEndDotted, let last = rest.last, last.contains(.dot) {
      guard let octets = ipv4Octets(of: last) else { return nil }
      dotted = octets
      rest.removeLast()
    }
    for part in rest {
      guard (1...4).contains(part.count) else { return nil }
      var group: UInt16 = 0
      for byte in part {
        guard let digit = byte.hexadecimalValue else { return nil }
        group = group << 4 | UInt16(digit)
      }
      groups.append(group)
    }
    if !dotted.isEmpty {
      groups.append(UInt16(dotted[0]) << 8 | UInt16(dotted[1]))
      groups.append(UInt16(dotted[2]) << 8 | UInt16(dotted[3]))
    }
    return groups
  }

  /// The canonical text: lower case, no leading zeros, the longest run of zeros left out.
  private static func ipv6Text(of groups: [UInt16]) -> String {
    var longest = 0..<0
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start > max(1, longest.count) { longest = start..<end }
      start = max(end, start + 1)
    }
    func text(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard !longest.isEmpty else { return text(groups[...]) }
    return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
  }
}
