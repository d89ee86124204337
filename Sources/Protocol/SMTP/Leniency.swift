/// The rules of RFC 5321 that a client may break, as some devices do.
///
/// None of them touches who may send what to whom.
package struct Leniency: OptionSet, Hashable, Sendable {
  /// The bits.
  package let rawValue: UInt8
  /// The set with these bits.
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A greeting may have several words, or none (RFC 5321 §4.1.1.1 asks for a host name or address).
  package static var oddGreeting: Leniency { Leniency(rawValue: 1 << 0) }
  /// A path may stand without angle brackets (RFC 5321 §4.1.2).
  package static var loosePaths: Leniency { Leniency(rawValue: 1 << 1) }
  /// A login outlasts HELO, AUTH may be said after HELO, and said again (RFC 4954 §4).
  package static var keptLogin: Leniency { Leniency(rawValue: 1 << 2) }
  /// AUTH may be said without TLS (RFC 4954 §4 forbids it for mechanisms that send the password).
  package static var loginWithoutTLS: Leniency { Leniency(rawValue: 1 << 3) }

  /// Each of them alone.
  package static var each: [Leniency] { [.oddGreeting, .loosePaths, .keptLogin, .loginWithoutTLS] }
}
