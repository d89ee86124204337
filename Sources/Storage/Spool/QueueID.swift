/// The identifier of a message: when it arrived, and six characters that make it unique.
///
/// It is the beginning of the name of its file, and what the log and the replies to clients say:
/// `1763706000.k3v9q0`.
package struct QueueID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Unix time of arrival in seconds.
  package let seconds: UInt32
  /// The microsecond of arrival and a counter, 30 bits.
  let unique: UInt32

  init(seconds: UInt32, unique: UInt32) {
    self.seconds = seconds
    self.unique = unique
  }

  /// The identifier of the `counter`-th message, arrived at a Unix time in microseconds.
  init(microseconds: Int64, counter: UInt32) {
    seconds = UInt32(truncatingIfNeeded: microseconds / 1_000_000)
    unique = UInt32(truncatingIfNeeded: microseconds % 1_000_000) << 10 | counter & 1023
  }

  /// Parses `1763706000.k3v9q0`.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count > Self.uniqueLength + 1, bytes.count <= 10 + 1 + Self.uniqueLength else {
      return nil
    }
    let dot = bytes.count - Self.uniqueLength - 1
    guard bytes[dot] == UInt8(ascii: "."), let seconds = Self.decimal(bytes[..<dot]) else {
      return nil
    }
    var unique: UInt32 = 0
    for byte in bytes[(dot + 1)...] {
      guard let digit = Self.digits.firstIndex(of: byte) else { return nil }
      unique = unique << 5 | UInt32(digit)
    }
    self.init(seconds: seconds, unique: unique)
  }

  /// A number in 0..<1 that differs from message to message, to spread them in time.
  package var fraction: Double { Double(unique >> 10) / 1_000_000 }

  package var description: String {
    var text = "\(seconds)."
    for place in (0..<Self.uniqueLength).reversed() {
      let digit = Self.digits[Int(unique >> (5 * UInt32(place)) & 31)]
      text.unicodeScalars.append(Unicode.Scalar(digit))
    }
    return text
  }

  package static func < (left: QueueID, right: QueueID) -> Bool {
    (left.seconds, left.unique) < (right.seconds, right.unique)
  }

  private static let uniqueLength = 6
  /// Digits and letters that are not mistaken for one another.
  private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  static func decimal(_ bytes: some Collection<UInt8>) -> UInt32? {
    guard (1...10).contains(bytes.count) else { return nil }
    var value: UInt64 = 0
    for byte in bytes {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + UInt64(byte & 15)
    }
    return UInt32(exactly: value)
  }
}

/// The name of a message's file: its identifier, and its size as stored and on the wire.
///
/// `1763706000.k3v9q0.gatepost,S=1234,W=1260`; programs that mark messages may add `:2,` and flags.
package struct MessageFileName: Equatable, Sendable, CustomStringConvertible {
  /// The identifier.
  package let id: QueueID
  /// The size of the file in bytes.
  package let bytes: UInt32
  /// The size with CRLF line ends.
  package let wireBytes: UInt32

  init(id: QueueID, bytes: UInt32, wireBytes: UInt32) {
    self.id = id
    self.bytes = bytes
    self.wireBytes = wireBytes
  }

  /// Parses a name; nil for one that Gatepost has not made.
  init?(_ name: String) {
    let base = name.utf8.prefix { $0 != UInt8(ascii: ":") }
    let parts = base.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard parts.count == 3, let stem = String(parts[0]), stem.hasSuffix(Self.host),
      let id = QueueID(stem.dropLast(Self.host.count)),
      parts[1].starts(with: "S=".utf8), let bytes = QueueID.decimal(parts[1].dropFirst(2)),
      parts[2].starts(with: "W=".utf8), let wireBytes = QueueID.decimal(parts[2].dropFirst(2))
    else { return nil }
    self.init(id: id, bytes: bytes, wireBytes: wireBytes)
  }

  package var description: String { "\(id)\(Self.host),S=\(bytes),W=\(wireBytes)" }

  /// What stands where Maildir wants the host, so that foreign deliveries never have the same name.
  private static let host = ".gatepost"
}
