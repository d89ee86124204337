/// The kinds of records that mail asks for, with their numbers on the wire.
enum RecordType: UInt16, Sendable {
  /// An IPv4 address (RFC 1035 §3.4.1).
  case a = 1
  /// A name server of the zone (RFC 1035 §3.3.11).
  case ns = 2
  /// The name of a host, given by its address (RFC 1035 §3.3.12).
  case ptr = 12
  /// A host that takes the domain's mail (RFC 1035 §3.3.9).
  case mx = 15
  /// Text (RFC 1035 §3.3.14).
  case txt = 16
  /// An IPv6 address (RFC 3596 §2.1).
  case aaaa = 28
  /// What a server's certificate must look like (RFC 6698 §2.1).
  case tlsa = 52
}
