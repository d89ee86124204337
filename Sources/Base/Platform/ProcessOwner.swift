internal import CLinux

/// The user that this process acts as.
package enum ProcessOwner {
  /// The number of the user whose rights the process has.
  package static var effective: UInt32 { geteuid() }
  /// The number of the user who may do everything.
  package static let root: UInt32 = 0
}
