/// A domain name that is safe in a question, in a log line and in a file.
///
/// Letters, digits, hyphens and underscores in labels of at most 63, in lower case, without a dot at
/// the end; the root is empty. On the wire a label may hold any byte. A dot within a label, a control
/// character or a NUL would make two names of one or one of two, so such names are none here.
struct DomainName: Hashable, Sendable {
  /// The labels, joined by dots.
  let text: String

  /// The name with a dot at the end or without; nil if a label is empty, too long or holds other
  /// characters.
  init?(_ text: String) {
    var bytes = Array(text.utf8)
    if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
    guard (1...Limits.nameBytes).contains(bytes.count) else { return nil }
    var labelBytes = 0
    for index in bytes.indices {
      if bytes[index] == UInt8(ascii: ".") {
        if labelBytes == 0 { return nil }
        labelBytes = 0
        continue
      }
      guard let byte = Self.lowercased(bytes[index]), labelBytes < Limits.labelBytes else {
        return nil
      }
      bytes[index] = byte
      labelBytes += 1
    }
    if labelBytes == 0 { return nil }
    self.text = String(decoding: bytes, as: UTF8.self)
  }

  /// The name in the form of RFC 1035 §3.1, without compression; nil where `init(_:)` would be.
  init?(wire: [UInt8]) {
    var bytes: [UInt8] = []
    var index = 0
    while index < wire.count, wire[index] != 0 {
      let end = index + 1 + Int(wire[index])
      guard wire[index] <= Limits.labelBytes, end < wire.count else { return nil }
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ".")) }
      for byte in wire[index + 1..<end] {
        guard let byte = Self.lowercased(byte) else { return nil }
        bytes.append(byte)
      }
      index = end
    }
    guard index == wire.count - 1, bytes.count <= Limits.nameBytes else { return nil }
    text = String(decoding: bytes, as: UTF8.self)
  }

  private static func lowercased(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      byte
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
    default: nil
    }
  }
}
