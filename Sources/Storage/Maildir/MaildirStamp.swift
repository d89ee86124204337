package import Platform

/// What tells one state of a Maildir from another: another one has other messages, or other names.
///
/// Limitation: what changes within one tick of the file system's clock after the look is not seen before
/// the next change.
package struct MaildirStamp: Equatable, Sendable {
  private let times: [Int64]

  init(_ folders: [FileStatus]) {
    times = folders.flatMap { [$0.modified, $0.modifiedNanoseconds] }
  }
}

extension Maildir {
  /// The state of the Maildir at this moment.
  package func stamp() throws(SystemError) -> MaildirStamp {
    MaildirStamp([try new.descriptor.status(), try current.descriptor.status()])
  }
}
