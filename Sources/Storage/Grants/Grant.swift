package import Platform

/// The right of one address to send as one user for a while, earned by a POP3 login.
package struct Grant: Equatable, Sendable {
  /// The address the kernel gave for the login.
  package let address: IPAddress
  /// The user who logged in.
  package let user: String
  /// How the login was made, such as `USER` or `USER+TLS`.
  package var how: String
  /// What the user's password was verified against, as `Accounts` names it; nil in a line from before.
  ///
  /// With another password, or none, the user has no grant.
  package var credential: String?
  /// Unix time of the first login in seconds.
  package let made: Int64
  /// Unix time of the end in seconds: what counts after the machine was started again.
  package var expires: Int64
  /// The end on the boot clock: what counts until then.
  package var end: Instant
}

/// Both clocks at one moment, and which boot it is.
package struct GrantTime: Equatable, Sendable {
  /// The clock that never jumps.
  package var boot: Instant
  /// Unix time in seconds.
  package var wall: Int64

  package init(boot: Instant, wall: Int64) {
    self.boot = boot
    self.wall = wall
  }

  /// The present moment.
  package static var now: GrantTime { GrantTime(boot: .now, wall: WallClock.now) }
}
