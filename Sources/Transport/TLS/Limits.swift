/// The limits of TLS: what is read from files, and how long our own certificates last.
enum Limits {
  /// Bytes of a certificate or key file; a chain of four with RSA keys is about 8 KB.
  static let fileBytes = 256 << 10

  /// Certificates in a chain file, the host's own among them.
  static let chainLength = 10

  /// Characters of a host name (RFC 1035 §2.3.4).
  static let hostNameBytes = 253

  /// How long a certificate that we make ourselves is valid: 397 days, a day less than what the strictest clients
  /// take.
  static let leafSeconds: Int64 = 397 * 86_400

  /// How long before its end it is renewed, a third of its time.
  static let renewalSeconds: Int64 = 132 * 86_400

  /// How long our authority is valid: ten years.
  static let authoritySeconds: Int64 = 3650 * 86_400

  /// How long before its end another one is made: no certificate of ours outlives its authority.
  static let authorityRenewalSeconds = leafSeconds

  /// DNS names of a certificate that are looked at.
  static let names = 100

  /// 2026-01-01, before which no certificate of ours was made.
  ///
  /// A board without a battery has its first start in 1970: what is counted from there would be over before the
  /// clock is set.
  static let earliestMaking: Int64 = 1_767_225_600

  /// Octets of a file of authorities: the bundle of all public ones has 220,000.
  static let authorityBytes = 1 << 20

  /// Files of a directory of authorities.
  static let authorityFiles = 1000

  /// Alternative names of a server's certificate that are looked at for a message, and those that it tells.
  static let searchedNames = 100
  static let shownNames = 4

  /// Octets of a ticket that is kept: that of a server with a certificate of 2 KB has about 3,000.
  static let ticketBytes = 6 << 10
}
