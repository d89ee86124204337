internal import Mail
internal import Platform

/// A question about the client, whose answer is yes or no (RFC 7208 §5).
///
/// A mechanism without a name of its own is about the domain whose record it stands in.
enum Mechanism: Equatable, Sendable {
  case all
  case include(MacroString)
  case a(MacroString?, PrefixLengths)
  case mx(MacroString?, PrefixLengths)
  case ptr(MacroString?)
  /// `ip4` and `ip6`; nil for a network that no client is in.
  case network(IPNetwork?)
  case exists(MacroString)

  /// The mechanism that is written so, without qualifier; nil if it is none.
  init?(_ text: ArraySlice<UInt8>) {
    var cursor = ByteCursor(text)
    let name = cursor.take { $0.isLetter || $0.isDigit }
    func has(_ word: StaticString) -> Bool { name.isEqual(ignoringCaseTo: word) }
    let mechanism: Mechanism?
    if has("all") {
      mechanism = cursor.isAtEnd ? .all : nil
    } else if has("include") {
      mechanism = Self.name(cursor.rest).map(Mechanism.include)
    } else if has("exists") {
      mechanism = Self.name(cursor.rest).map(Mechanism.exists)
    } else if has("ptr") {
      mechanism = cursor.isAtEnd ? .ptr(nil) : Self.name(cursor.rest).map(Mechanism.ptr)
    } else if has("ip4") {
      mechanism = Self.network(cursor.rest, isV6: false)
    } else if has("ip6") {
      mechanism = Self.network(cursor.rest, isV6: true)
    } else if has("a") {
      mechanism = Self.hosts(cursor.rest, Mechanism.a)
    } else if has("mx") {
      mechanism = Self.hosts(cursor.rest, Mechanism.mx)
    } else {
      mechanism = nil
    }
    guard let mechanism else { return nil }
    self = mechanism
  }

  /// The name behind a colon.
  private static func name(_ text: ArraySlice<UInt8>) -> MacroString? {
    text.first == .colon ? MacroString(domainSpec: text.dropFirst()) : nil
  }

  /// A mechanism with a name behind a colon or none, and prefix lengths.
  private static func hosts(
    _ text: ArraySlice<UInt8>, _ make: (MacroString?, PrefixLengths) -> Mechanism
  ) -> Mechanism? {
    var text = text
    guard let lengths = PrefixLengths(takenFromEndOf: &text) else { return nil }
    if text.isEmpty { return make(nil, lengths) }
    return name(text).map { make($0, lengths) }
  }

  private static func network(_ text: ArraySlice<UInt8>, isV6: Bool) -> Mechanism? {
    guard text.first == .colon else { return nil }
    let parts = text.dropFirst().split(
      separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    let longest = isV6 ? 128 : 32
    guard
      parts[0].contains(.colon) == isV6,
      let address = IPAddress(String(decoding: parts[0], as: UTF8.self)),
      let prefix = parts.count == 1
        ? longest : PrefixLengths.length(parts[1], atMost: longest)
    else { return nil }
    // A client whose address is mapped into IPv6 counts as one of IPv4 (RFC 7208 §5), so none is in
    // a network of such addresses.
    return .network(isV6 && address.isV4 ? nil : IPNetwork(address, prefix: prefix))
  }
}

/// How much of an address must be equal, for both families (RFC 7208 §5.6).
struct PrefixLengths: Equatable, Sendable {
  var v4 = 32
  var v6 = 128

  init() {}

  /// Takes `/24`, `//64` or `/24//64` from the end of `text`; nil if a length is impossible.
  init?(takenFromEndOf text: inout ArraySlice<UInt8>) {
    if let digits = Self.takeDigits(&text, behind: "//") {
      guard let length = Self.length(digits, atMost: 128) else { return nil }
      v6 = length
    }
    if let digits = Self.takeDigits(&text, behind: "/") {
      guard let length = Self.length(digits, atMost: 32) else { return nil }
      v4 = length
    }
  }

  /// The number that is written so; nil for a leading zero and for what is out of range.
  static func length(_ digits: ArraySlice<UInt8>, atMost longest: Int) -> Int? {
    guard
      (1...3).contains(digits.count), digits.allSatisfy(\.isDigit),
      digits.count == 1 || digits.first != UInt8(ascii: "0"),
      let length = Int(String(decoding: digits, as: UTF8.self)), length <= longest
    else { return nil }
    return length
  }

  private static func takeDigits(
    _ text: inout ArraySlice<UInt8>, behind mark: String
  ) -> ArraySlice<UInt8>? {
    let digits = text.suffix(text.reversed().prefix(while: \.isDigit).count)
    let rest = text.dropLast(digits.count)
    guard !digits.isEmpty, rest.suffix(mark.utf8.count).elementsEqual(mark.utf8) else {
      return nil
    }
    text = rest.dropLast(mark.utf8.count)
    return digits
  }

  /// Whether `client` is in the network of that size around one of the addresses.
  func match(_ client: IPAddress, _ addresses: [IPAddress]) -> Bool {
    addresses.contains { address in
      IPNetwork(address, prefix: address.isV4 ? v4 : v6)?.contains(client) ?? false
    }
  }
}
