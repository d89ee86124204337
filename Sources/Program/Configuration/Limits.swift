/// The limits of reading a configuration.
enum Limits {
  /// Octets of one file: a thousand times a usual one, and what a mistaken path may cost at most.
  static let fileBytes = 1 << 20

  /// Drop-ins that are read.
  static let dropIns = 100

  /// Elements of a list.
  static let listElements = 256

  /// Sections of one kind that have names: each connection looks through them.
  static let namedSections = 64

  /// Servers of a route: one that is down is passed over by each message.
  static let nextHops = 8

  /// Certificates that a route takes.
  static let fingerprints = 8

  /// Zones of `dnsbl`: each is asked about each client from outside.
  static let dnsblZones = 8

  /// Octets of the path of a Unix socket: what `sockaddr_un` has room for, its final zero left out.
  static let socketPathBytes = 107

  /// Octets of a value that a message quotes.
  static let quotedValueBytes = 80

  /// The shortest prefix of a public network that may relay: the largest blocks ever given to one
  /// owner are an IPv4 /8 and an IPv6 /19 or longer.
  static let publicPrefixV4 = 8
  static let publicPrefixV6 = 19
}
