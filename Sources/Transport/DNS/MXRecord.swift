/// A host that takes mail for a domain (RFC 1035 §3.3.9).
package struct MXRecord: Equatable, Sendable {
  /// The rank of the host: a lower number is tried earlier (RFC 5321 §5.1).
  package var preference: UInt16
  /// The host's name in lower case, without the dot at its end; `.` for the root.
  package var exchange: String

  /// Whether it says that the domain takes no mail (RFC 7505 §3).
  package var isNull: Bool { exchange == "." }

  package init(preference: UInt16, exchange: String) {
    self.preference = preference
    self.exchange = exchange
  }
}
