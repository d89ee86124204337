internal import EventLoop
internal import POP3
package import Platform

/// What the administrator decided about POP3.
package struct RetrievalSettings: Sendable {
  /// The name in the greeting.
  package var hostName: String
  /// Whether a client with this address may send its password without TLS.
  package var allowsLoginWithoutTLS: @Sendable (IPAddress) -> Bool
  /// How long a client may be silent, or not take what it has asked for; at least 10 minutes
  /// (RFC 1939 §3).
  package var timeout: Duration
  /// Whether APOP is offered (RFC 1939 §7).
  package var offersAPOP: @Sendable (IPAddress) -> Bool = { _ in false }
  /// How long a user has to wait between two logins; nil for no time.
  package var loginDelay: Duration?
  /// After how many days messages that were read are removed; nil for never.
  package var expiryDays: Int?
  /// How long a client has to log in.
  package var loginTime: Duration = .seconds(60)

  /// Settings for all POP3 listeners of a host.
  package init(
    hostName: String, allowsLoginWithoutTLS: @escaping @Sendable (IPAddress) -> Bool,
    timeout: Duration = POP3.Limits.autologout
  ) {
    self.hostName = hostName
    self.allowsLoginWithoutTLS = allowsLoginWithoutTLS
    self.timeout = timeout
  }
}
