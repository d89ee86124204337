internal import CLinux

/// A user of this machine.
package struct SystemUser: Equatable, Sendable {
  /// The number of the user, and of the user's own group.
  package let number: UInt32, group: UInt32
  /// The name.
  package let name: String

  /// The user of that name; nil if there is none.
  package init?(named name: String) {
    // Only programs of one thread come here, so nobody else writes what it points to.
    guard let entry = unsafe getpwnam(name) else { return nil }
    unsafe self.init(entry.pointee)
  }

  /// The user of that number; nil if there is none.
  package init?(numbered number: UInt32) {
    guard let entry = unsafe getpwuid(number) else { return nil }
    unsafe self.init(entry.pointee)
  }

  private init(_ entry: passwd) {
    number = unsafe entry.pw_uid
    group = unsafe entry.pw_gid
    name = unsafe String(cString: entry.pw_name)
  }

  /// Makes this process act as the user, with the user's groups, for the rest of its life; takes root.
  package func become() throws(SystemError) {
    _ = try attempt("setgroups") { unsafe initgroups(name, group) }
    _ = try attempt("setgid") { setgid(group) }
    _ = try attempt("setuid") { setuid(number) }
  }

  /// The number of the user that this process acts as.
  package static var current: UInt32 { geteuid() }
}
