/// The limits of a check: what a hostile domain can make us look up, keep and read.
enum Limits {
  /// Terms that look something up, in all records of a check together (RFC 7208 §4.6.4).
  static let termsThatLookUp = 10

  /// Names of such terms that may turn out to have nothing (RFC 7208 §4.6.4 recommends two).
  static let voidLookups = 2

  /// Hosts of one `mx` (RFC 7208 §4.6.4).
  static let exchanges = 10

  /// Names of the client that are looked at (RFC 7208 §4.6.4).
  static let clientNames = 10

  /// Octets of a record; RFC 7208 §3.4 asks that all texts of a name fit into 512.
  static let recordBytes = 4096

  /// Terms of a record.
  ///
  /// At 16 octets a term, less than an `ip4` with its network takes, `recordBytes` are as many.
  static let terms = 256

  /// Characters of a name in the DNS (RFC 1035 §2.3.4: 255 octets on the wire; RFC 7208 §7.3).
  static let nameBytes = 253
}
