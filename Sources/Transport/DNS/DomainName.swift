/// A domain name in one spelling, which is safe in a question, in a log line and in a file.
///
/// On the wire a label may hold any octet (RFC 2181 §11). Letters are in lower case; an octet other than a letter, digit,
/// hyphen or underscore is written `\DDD` (RFC 1035 §5.1), so that no dot within a label, control character or NUL makes
/// two names of one or one of two. The root is empty.
struct DomainName: Hashable, Sendable {
  /// The labels, joined by dots, without a dot at the end.
  let text: String

  /// The name of a host: letters, digits, hyphens and underscores, with a dot at the end or without; nil for others.
  init?(_ text: String) {
    self.init(octets: text)
    if !isHostName { return nil }
  }

  /// The name whose labels are the octets between the dots; nil if a label is empty or anything is too long.
  init?(octets text: String) {
    var octets = Array(text.utf8)[...]
    if octets.last == UInt8(ascii: ".") { octets.removeLast() }
    if octets.isEmpty { return nil }
    self.init(labels: octets.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false))
  }

  /// The name in the form of RFC 1035 §3.1, without compression; nil if it is malformed.
  init?(wire: [UInt8]) {
    var labels: [ArraySlice<UInt8>] = []
    var index = 0
    while index < wire.count, wire[index] != 0 {
      let end = index + 1 + Int(wire[index])
      guard end < wire.count else { return nil }
      labels.append(wire[index + 1..<end])
      index = end
    }
    guard index == wire.count - 1 else { return nil }
    self.init(labels: labels)
  }

  private init?(labels: [ArraySlice<UInt8>]) {
    let isValid = labels.allSatisfy { (1...Limits.labelBytes).contains($0.count) }
    // Each label has a length before it; the first of them stands for the dot that the text has not got.
    guard isValid, labels.reduce(0, { $0 + $1.count + 1 }) <= Limits.nameBytes + 1 else {
      return nil
    }
    var text: [UInt8] = []
    for label in labels {
      if !text.isEmpty { text.append(UInt8(ascii: ".")) }
      for octet in label { Self.write(octet, to: &text) }
    }
    self.text = String(decoding: text, as: UTF8.self)
  }

  /// The root of all names.
  static var root: DomainName { DomainName(text: "") }

  private init(text: String) { self.text = text }

  /// Whether it can be the name of a host: nothing in it had to be escaped.
  var isHostName: Bool { !text.utf8.contains(UInt8(ascii: "\\")) }

  private static func write(_ octet: UInt8, to text: inout [UInt8]) {
    switch octet {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      text.append(octet)
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): text.append(octet | 0x20)
    default:
      let zero = UInt8(ascii: "0")
      text += [UInt8(ascii: "\\"), zero + octet / 100, zero + octet / 10 % 10, zero + octet % 10]
    }
  }
}
