import Accounts
import Glibc
import Platform

/// Why the tool cannot do what it was asked to: a text for the administrator, and an exit status.
struct Failure: Error {
  /// The exit statuses of sysexits.h that are used here.
  enum Status: Int32 {
    /// What was given is not right (`EX_DATAERR`).
    case data = 65
    /// A file cannot be read, or what was to be changed is not there (`EX_NOINPUT`).
    case input = 66
    /// There is no such user (`EX_NOUSER`).
    case unknownUser = 67
    /// The server does not run, or cannot do it now (`EX_UNAVAILABLE`).
    case unavailable = 69
    /// A file cannot be written (`EX_CANTCREAT`).
    case output = 73
    /// What the tool says cannot be written (`EX_IOERR`).
    case standardOutput = 74
    /// The server runs and goes on without something (`EX_TEMPFAIL`).
    case trouble = 75
    /// This user may not do it (`EX_NOPERM`).
    case permission = 77
    /// The configuration is wrong (`EX_CONFIG`).
    case configuration = 78
  }

  let status: Status
  let message: String

  /// A failure; where it is for want of a right, the status says so, and the message what to do.
  init(_ status: Status, _ message: String) {
    let isForbidden = message.contains(Self.permissionDenied) && geteuid() != 0
    self.status = isForbidden ? .permission : status
    self.message = isForbidden ? "\(message); run it with sudo" : message
  }

  /// The system's text for `EACCES`, which all messages have in them that are about it.
  private static let permissionDenied = SystemError(code: EACCES, call: "").text

  /// What is wrong with the users file, or with a change of it.
  init(_ error: UsersFileError) {
    let status: Status =
      switch error.kind {
      case .malformed: .data
      case .unknownUser: .unknownUser
      case .unreadable: .input
      case .unwritable: .output
      }
    self.init(status, error.description)
  }

  /// A file or directory that cannot be read.
  init(reading path: String, _ error: SystemError) {
    self.init(.input, "\(path): cannot be read: \(error)")
  }
}
