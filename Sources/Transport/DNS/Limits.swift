/// The limits of name lookups: what hostile answers and dead servers may cost.
enum Limits {
  /// Characters of a name, without the dot at its end (RFC 1035 §2.3.4: 255 octets on the wire).
  static let nameBytes = 253

  /// Characters of a label (RFC 1035 §2.3.4).
  static let labelBytes = 63

  /// What we let a server send in one datagram; fits into every path without fragments.
  ///
  /// RFC 6891 §6.2.3 asks for 512 at least.
  static let datagramBytes = 1232

  /// The longest message taken over TCP; RFC 1035 §4.2.2 allows 65,535.
  ///
  /// The largest sets in use for mail are below 4 KB. A message is parsed into a tree about ten
  /// times its size, for a moment.
  static let messageBytes = 16 << 10

  /// Records of an answer that are kept; RFC 5321 §5.1 asks to try two addresses at least.
  static let records = 32

  /// Aliases followed within an answer; RFC 1034 §3.6.2 wants chains followed and loops noticed.
  static let aliases = 8

  /// Name servers asked, in their order; resolv.conf(5) knows three.
  static let nameServers = 4

  /// Bytes of `resolv.conf`.
  static let configurationBytes = 16 << 10

  /// Bytes of a hosts file that are searched: lists against advertisements have 5 MB.
  static let hostsBytes = 16 << 20

  /// Bytes of a line of a hosts file.
  static let hostsLineBytes = 4096

  /// Names whose lines in the hosts file are remembered.
  static let hostsNames = 16

  /// Domains of `search` in `resolv.conf`.
  static let searchDomains = 6

  /// The largest `ndots`, as in resolv.conf(5).
  static let searchDots = 15

  /// Datagrams for other questions that are passed over while we wait for the answer to ours.
  static let strayDatagrams = 64

  /// How long the offer of long replies is not made to a server that has not taken it.
  static let plainServer: Duration = .seconds(3600)

  /// Names kept in the cache.
  static let cacheEntries = 256

  /// Bytes that the cache may hold, by a rough count.
  static let cacheBytes = 64 << 10

  /// The shortest and longest time an answer is kept, whatever its TTL says.
  static let cacheSeconds: ClosedRange<UInt32> = 5...86_400

  /// The longest time "there is no such thing" is kept; RFC 2308 §5 allows hours, but a domain that
  /// has just been mended should get its mail.
  static let negativeCacheSeconds: UInt32 = 900
}
