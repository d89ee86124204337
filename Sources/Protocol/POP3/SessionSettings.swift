/// What a listener and its client's address mean for a session.
package struct SessionSettings: Sendable {
  /// The name the greeting shows.
  package var hostName: String
  /// Whether there is a certificate, so that STLS is offered.
  package var offersTLS: Bool
  /// Whether a password may come over a connection without TLS.
  package var allowsLoginWithoutTLS: Bool
  /// What the digest of APOP is made of, `<...@host>`, another for each session; nil where APOP is not
  /// offered (RFC 1939 §7).
  package var timestamp: String?
  /// How long a user has to wait between two logins; nil for no time.
  package var loginDelay: Duration?
  /// After how many days messages that were read are removed; nil for never.
  package var expiryDays: Int?

  /// The settings of one listener.
  package init(hostName: String, offersTLS: Bool, allowsLoginWithoutTLS: Bool) {
    self.hostName = hostName
    self.offersTLS = offersTLS
    self.allowsLoginWithoutTLS = allowsLoginWithoutTLS
  }
}
