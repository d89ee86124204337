package import Platform

/// The right of one address to send as one user for a while, earned by a POP3 login.
package struct Grant: Equatable, Sendable {
  /// The address the kernel gave for the login.
  package let address: IPAddress
  /// The user who logged in.
  package let user: String
  /// How the login was made, such as `USER` or `USER+TLS`; `adminsWord` where there was none.
  package var how: String
  /// Unix time of the first login in seconds.
  package let made: Int64
  /// The end on the boot clock.
  package var end: Instant
  /// What has been sent since the last login.
  package var sent = Sent()
  /// The address on its link of the host that logged in; nil if it was on none.
  ///
  /// Where another host has `address` now, the grant ends.
  package var hardware: HardwareAddress?
  /// What the user's password was verified against, as `Accounts` names it; nil until it is known.
  ///
  /// With another password, or none, the user has no grant.
  package var credential: String?

  /// Messages and recipients that a grant was used for.
  package struct Sent: Equatable, Sendable {
    /// Messages of which one recipient was taken at least.
    package var messages = 0
    /// Recipients of all of them.
    package var recipients = 0
  }

  /// What `how` says of a grant that an admin has given; it holds wherever the address is.
  package static let adminsWord = "admin"

  /// Whether an admin has given it, and no login.
  package var isOfAdmin: Bool { how == Self.adminsWord }

  /// Whether it was given by an admin, or earned by a login under TLS.
  var isOfTLS: Bool { isOfAdmin || how.hasSuffix("+TLS") }

  /// Whether the grant is alive.
  package func isAlive(at now: GrantTime) -> Bool { end > now.boot }
}

/// Both clocks at one moment.
package struct GrantTime: Equatable, Sendable {
  /// The clock that never jumps, and goes on while the machine sleeps.
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
