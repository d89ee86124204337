internal import Platform

/// The records of one answer, all of one kind.
enum RecordSet: Equatable, Sendable {
  case addresses([IPAddress])
  case names([String])
  case exchanges([MXRecord])
  case texts([[UInt8]])
  case certificates([TLSARecord])

  /// What can be used of `records`; nil if nothing can.
  ///
  /// A record whose host name no host can have is left out. Of more than `Limits.records` the first
  /// are kept, exchanges after they were sorted by preference.
  init?(_ type: RecordType, _ records: [ResourceRecord]) {
    let count: Int
    switch type {
    case .a:
      let addresses = Self.first(records.compactMap { Self.address($0, bytes: 4) })
      (self, count) = (.addresses(addresses), addresses.count)
    case .aaaa:
      let addresses = Self.first(records.compactMap { Self.address($0, bytes: 16) })
      (self, count) = (.addresses(addresses), addresses.count)
    case .ptr, .ns:
      let names = Self.first(records.compactMap(Self.name))
      (self, count) = (.names(names), names.count)
    case .mx:
      var exchanges = records.compactMap(Self.exchange)
      exchanges.sort { $0.preference < $1.preference }
      (self, count) = (.exchanges(Self.first(exchanges)), exchanges.count)
    case .txt:
      let texts = Self.first(Self.versionedFirst(records.map(Self.text)))
      (self, count) = (.texts(texts), texts.count)
    case .tlsa:
      let certificates = Self.first(records.compactMap(Self.certificate))
      (self, count) = (.certificates(certificates), certificates.count)
    }
    if count == 0 { return nil }
  }

  /// Roughly the memory that the records take.
  var bytes: Int {
    switch self {
    case .addresses(let addresses): addresses.count * 16
    case .names(let names): names.reduce(0) { $0 + 24 + $1.utf8.count }
    case .exchanges(let exchanges): exchanges.reduce(0) { $0 + 32 + $1.exchange.utf8.count }
    case .texts(let texts): texts.reduce(0) { $0 + 40 + $1.count }
    case .certificates(let certificates): certificates.reduce(0) { $0 + 48 + $1.data.count }
    }
  }

  private static func first<Record>(_ records: [Record]) -> [Record] {
    records.count <= Limits.records ? records : Array(records[..<Limits.records])
  }

  private static func address(_ record: ResourceRecord, bytes: Int) -> IPAddress? {
    guard record.fields.count == 1, record.fields[0].count == bytes else { return nil }
    return IPAddress(wire: record.fields[0])
  }

  private static func name(_ record: ResourceRecord) -> String? {
    guard record.fields.count == 1, let name = DomainName(wire: record.fields[0]), name.isHostName
    else { return nil }
    return name.text.isEmpty ? nil : name.text
  }

  private static func exchange(_ record: ResourceRecord) -> MXRecord? {
    guard record.fields.count == 2, record.fields[0].count == 2,
      let host = DomainName(wire: record.fields[1]), host.isHostName
    else { return nil }
    return MXRecord(
      preference: UInt16(record.fields[0][0]) << 8 | UInt16(record.fields[0][1]),
      exchange: host.text.isEmpty ? "." : host.text)
  }

  /// The strings of a record belong together without anything between them (RFC 7208 §3.3).
  private static func text(_ record: ResourceRecord) -> [UInt8] {
    Array(record.fields.map { $0.dropFirst() }.joined())
  }

  /// The texts that begin with `v=` before all others, so that they are among those kept.
  ///
  /// That is how the policies of mail begin; beside them a large domain may have dozens of texts by
  /// which it has proved to others whose it is.
  private static func versionedFirst(_ texts: [[UInt8]]) -> [[UInt8]] {
    let isVersioned = { (text: [UInt8]) in
      text.count > 1 && text[0] | 0x20 == UInt8(ascii: "v") && text[1] == UInt8(ascii: "=")
    }
    return texts.filter(isVersioned) + texts.filter { !isVersioned($0) }
  }

  private static func certificate(_ record: ResourceRecord) -> TLSARecord? {
    guard record.fields.count == 4, record.fields[..<3].allSatisfy({ $0.count == 1 }) else {
      return nil
    }
    return TLSARecord(
      usage: record.fields[0][0], selector: record.fields[1][0],
      matchingType: record.fields[2][0], data: record.fields[3])
  }
}
