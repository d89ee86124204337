package import EventLoop
internal import Maildir
import Platform
package import Spool

/// The maildrops of all users, each open in one session at most.
///
/// The lock of RFC 1939 §4 is a set in memory, for this process is the only POP3 server; programs
/// that read the Maildir by themselves need none, as Maildir is made for that.
@Loop
package final class Maildrops {
  private let spool: Spool
  private let disk: WorkerPool
  private var openUsers: Set<String> = []

  /// The maildrops of a spool; files are read by the workers of `disk`.
  package init(_ spool: Spool, disk: WorkerPool) {
    self.spool = spool
    self.disk = disk
  }

  /// Opens a user's maildrop; nil when another session has it.
  ///
  /// - Parameters:
  ///   - user: a name from the users file, which is a valid file name.
  ///   - expiryDays: removes messages that have come and have been read so many days ago.
  func open(_ user: String, expiryDays: Int? = nil) async throws(SystemError) -> OpenMaildrop? {
    guard openUsers.insert(user).inserted else { return nil }
    do throws(SystemError) {
      let folder = try spool.maildrops
      let (maildir, contents) = try await disk.run { () throws(SystemError) in
        let maildir = try folder.maildrop(of: user)
        return (maildir, try maildir?.contents(expiry: Self.expiry(expiryDays)) ?? .empty)
      }
      return OpenMaildrop(user: user, maildir: maildir, contents: contents, disk: disk)
    } catch {
      openUsers.remove(user)
      throw error
    }
  }

  /// The time before which messages expire; nil while nobody knows what time it is.
  private nonisolated static func expiry(_ days: Int?) -> Int64? {
    let now = WallClock.now
    guard let days, now >= WallClock.earliest else { return nil }
    return now - Int64(days) * 86_400
  }

  /// Lets another session have the maildrop.
  func close(_ maildrop: OpenMaildrop) { openUsers.remove(maildrop.user) }
}
