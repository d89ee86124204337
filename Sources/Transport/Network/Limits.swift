/// The limits that nobody needs to configure.
enum Limits {
  /// Clients of whom something is remembered, 64 bytes each.
  static let clientRecords = 4096
  /// How long connections and commands are counted together.
  static let window: Duration = .seconds(60)
  /// The longest delay of the answer to a failed login.
  static let loginDelay: Duration = .seconds(30)
  /// Sessions that may wait for such an answer at the same time.
  static let delayedSessions = 64
  /// The same for the sessions of one client.
  static let delayedSessionsOfClient = 8
  /// Failed logins of one user from one client after which the next has to wait as long as the answer did.
  static let unpacedFailures = 3
  /// Failed logins from a client that is never banned after which those of users who have not logged in from
  /// there are paced in the same way.
  static let unpacedFailuresOfClient = 40
  /// Failed logins of one user from one client with a mechanism that hides the password which count once:
  /// a device with an old password tries it again and again.
  static let hiddenFailures = 10
  /// Pairs of a client and a user, and clients, whose failed logins are remembered.
  static let failingLogins = 2048
  /// The same for those that have logged in.
  static let knownLogins = 1024
  /// How long a login makes a client a known one.
  static let knownLoginAge: Duration = .seconds(24 * 3600)
  /// How long the kernel is not asked again for own addresses and routes.
  static let surroundings: Duration = .seconds(60)
  /// How long the peer of a connection that was made from here may confirm nothing that it was sent: a
  /// little longer than a piece of content may take (RFC 5321 §4.5.3.2.5).
  static let lostPeer: Duration = .seconds(198)
  /// How long a client may be silent and answer no probe of its kernel: it holds a maildrop meanwhile.
  static let silentPeer: Duration = .seconds(120)
}
