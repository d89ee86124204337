internal import EventLoop
internal import POP3
package import Platform

/// What a client of POP3 is allowed beyond what all are.
package struct ClientExceptions: Equatable, Sendable {
  /// Whether it may send its password without TLS.
  package var allowsLoginWithoutTLS = false
  /// Whether it may speak TLS 1.0 and 1.1, with the ciphers of that time.
  package var allowsOldTLS = false

  package init(allowsLoginWithoutTLS: Bool = false, allowsOldTLS: Bool = false) {
    self.allowsLoginWithoutTLS = allowsLoginWithoutTLS
    self.allowsOldTLS = allowsOldTLS
  }
}

/// What the administrator decided about POP3.
package struct RetrievalSettings: Sendable {
  /// The name in the greeting.
  package var hostName: String
  /// Whether a client with this address may send its password without TLS.
  package var allowsLoginWithoutTLS: @Sendable (IPAddress) -> Bool
  /// The exceptions for a client, by its address, the name of its listener, and our end; nil where there are none.
  package var exceptions: (@Sendable (IPAddress, String, SocketAddress?) -> ClientExceptions)?
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
