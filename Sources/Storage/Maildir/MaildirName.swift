/// What the name of a file in a Maildir says, whichever program gave it.
///
/// `TIME.UNIQUE.HOST,S=SIZE,W=WIRE-SIZE:2,FLAGS`, where everything after the host may be missing.
/// Delivery programs agree that the name begins with the Unix time and that what stands before
/// the first `,` or `:` is never given twice; the sizes are a custom that saves opening the file.
struct MaildirName: Equatable {
  /// Unix time of arrival in seconds, then the first characters after it: messages are in the order
  /// of this number, and where it is the same in the order of their names.
  ///
  /// A name that begins with no time is older than all others.
  let sortKey: UInt64
  /// Octets up to the first `,` or `:`, which stay when flags or sizes are added.
  let uniqueLength: Int
  /// Whether they can serve as a unique-id: 1 to 70 printable characters (RFC 1939 §7).
  let isUniqueID: Bool
  /// Octets up to the first `:`, which stay when flags change.
  let baseLength: Int
  /// The message's size with CRLF line ends, if the name says it.
  let wireBytes: Int?
  /// Whether the flags behind the base say that the user has read the message.
  let isSeen: Bool

  /// Reads a name.
  init(_ name: Span<UInt8>) {
    var index = 0
    let seconds = Self.number(name, &index) ?? 0
    let afterTime = index
    var isPrintable = true
    while index < name.count, name[index] != comma, name[index] != colon {
      if name[index] &- 0x21 > 0x7E - 0x21 { isPrintable = false }
      index += 1
    }
    isUniqueID = isPrintable && (1...Limits.uniqueIDBytes).contains(index)
    uniqueLength = index
    var wireBytes: Int?
    while index < name.count, name[index] != colon {
      // At a comma, or within an attribute after it that is none of ours.
      let isWireSize =
        name[index] == comma && index + 2 < name.count && name[index + 1] == UInt8(ascii: "W")
        && name[index + 2] == UInt8(ascii: "=")
      index += isWireSize ? 3 : 1
      guard isWireSize, let number = Self.number(name, &index) else { continue }
      if index == name.count || name[index] == comma || name[index] == colon {
        wireBytes = Int(number)
      }
    }
    self.wireBytes = wireBytes
    baseLength = index
    isSeen = Self.isSeen(name, from: index)
    sortKey = Self.sortKey(seconds, name.extracting(afterTime..<uniqueLength))
  }

  /// Whether `S` is among the letters behind `:2,`.
  private static func isSeen(_ name: Span<UInt8>, from index: Int) -> Bool {
    guard index + 3 <= name.count, name[index + 1] == UInt8(ascii: "2"), name[index + 2] == comma
    else { return false }
    for place in index + 3..<name.count where name[place] == UInt8(ascii: "S") { return true }
    return false
  }

  /// 36 bits of the time, and seven of each of the four characters behind it and its dot.
  private static func sortKey(_ seconds: UInt64, _ rest: Span<UInt8>) -> UInt64 {
    var key = min(seconds, 1 << 36 - 1)
    for index in 1...4 { key = key << 7 | (index < rest.count ? UInt64(rest[index] & 0x7F) : 0) }
    return key
  }

  /// A decimal number at `index`, which is moved behind it; nil for none or an absurd one.
  private static func number(_ name: Span<UInt8>, _ index: inout Int) -> UInt64? {
    let start = index
    var value: UInt64 = 0
    while index < name.count, name[index] &- UInt8(ascii: "0") < 10 {
      // Thirteen digits are beyond any file, and a sum of them over a maildrop is far from an overflow.
      if index - start < 13 { value = value * 10 + UInt64(name[index] & 0x0F) }
      index += 1
    }
    return (1...13).contains(index - start) ? value : nil
  }
}

private let comma = UInt8(ascii: ",")
private let colon = UInt8(ascii: ":")
