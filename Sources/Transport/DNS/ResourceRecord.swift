/// A record as it stands in a message.
struct ResourceRecord {
  /// The name it belongs to; nil for one that we do not take.
  var owner: DomainName?
  /// The kind, which may be one that we do not know.
  var type: UInt16
  /// Seconds; one with the highest bit set counts as 0 (RFC 2181 §8).
  var timeToLive: UInt32
  /// The fields of the data; names among them are not compressed.
  var fields: [[UInt8]]

  static let cname: UInt16 = 5
  static let soa: UInt16 = 6
  static let ns: UInt16 = 2
}
