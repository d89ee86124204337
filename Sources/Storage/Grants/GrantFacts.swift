internal import EventLoop
package import Platform

/// What the grants ask the kernel and the rest of the program, each time they are used.
package struct GrantFacts: Sendable {
  /// The present moment.
  package var now: @Loop @Sendable () -> GrantTime = { .now }
  /// Which start of the machine this is.
  package var boot: String
  /// What the user's password is verified against; nil where there is no such user, or none who can log
  /// in.
  package var credential: @Loop @Sendable (_ user: String) -> String?
  /// Whether a user without a credential is none; while the users cannot be read, no grant ends for want of one.
  package var areUsersKnown: @Loop @Sendable () -> Bool = { true }
  /// Whether an address is where a login may earn a grant.
  package var mayEarn: @Loop @Sendable (IPAddress) -> Bool
  /// The hosts on the links of this machine at this moment; nil where the kernel does not say.
  package var neighbours: @Loop @Sendable () -> Neighbours? = { try? Neighbours.now() }
  /// Whether an IPv6 address is on a link of this machine.
  package var isOnLink: @Loop @Sendable (IPAddress) -> Bool = { _ in false }

  /// - Throws: where the kernel does not say which start of the machine this is.
  package init(
    credential: @escaping @Loop @Sendable (_ user: String) -> String?,
    mayEarn: @escaping @Loop @Sendable (IPAddress) -> Bool
  ) throws(SystemError) {
    boot = try Boot.identifier()
    self.credential = credential
    self.mayEarn = mayEarn
  }
}
