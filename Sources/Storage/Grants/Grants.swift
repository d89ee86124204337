package import EventLoop
package import Platform

/// The POP-before-SMTP whitelist: who may send because of a login, in memory and in a file.
///
/// The file has one writer, the task that runs `keepFile`. A login only changes the table and wakes
/// it: a full disk or a slow one never makes a login fail or wait.
///
/// **Durability**: a new grant is written at once, by a temporary file and a rename; where nothing
/// but end times have changed, once a minute. A grant that is lost with the power is earned again by
/// the next login.
@Loop
package final class Grants {
  private var table = GrantTable()
  private nonisolated let directory: Directory
  private let disk: WorkerPool
  private let boot: String
  private let changed = Condition()
  private var isUrgent = false
  private var isDirty = false
  private let report: @Sendable (String) -> Void

  /// The name of the file in the state directory.
  package nonisolated static let fileName = "whitelist"
  private nonisolated static let temporaryName = "whitelist.new"
  /// How long changes of times alone may wait for the flash's sake.
  private static let coalescing: Duration = .seconds(60)

  /// The grants kept in the directory at `path`.
  ///
  /// A file that is damaged or that others may write to is not believed: its lines are left out.
  ///
  /// - Parameter report: takes sentences for the admin.
  package init(
    path: String, disk: WorkerPool, report: @escaping @Sendable (String) -> Void
  ) throws(SystemError) {
    directory = try Directory(path: path)
    self.disk = disk
    self.report = report
    boot = try Boot.identifier()
    load()
  }

  private func load() {
    do throws(SystemError) {
      let file = try directory.open(Self.fileName)
      if try file.status().mode & 0o022 != 0 {
        report("\(Self.fileName): anyone may write this file, so it is ignored: chmod go-w")
        return
      }
      let bytes = try file.readAll(limit: GrantFile.limitBytes)
      let (table, badLines) = GrantFile.parse(bytes, boot: boot, at: .now)
      self.table = table
      if let first = badLines.first {
        report(
          "\(Self.fileName): line \(first) is not a grant; \(badLines.count) such lines ignored")
      }
    } catch let error where error.isNotFound {
      // The first start.
    } catch {
      report("\(Self.fileName): \(error); starting without grants")
    }
  }

  /// Gives `address` the right to send as `user` for `window`, from now on.
  ///
  /// - Parameter credential: what the password was verified against; with another the grant is worth
  ///   nothing.
  package func grant(
    _ address: IPAddress, user: String, how: String, credential: String? = nil, window: Duration
  ) {
    let change = table.grant(
      address, user: user, how: how, credential: credential, window: window, at: .now)
    isDirty = true
    if change == .made { isUrgent = true }
    changed.signal()
  }

  /// Has a grant that is alive end `window` from now.
  package func extend(_ address: IPAddress, user: String, window: Duration) {
    guard table.extend(address, user: user, window: window, at: .now) else { return }
    isDirty = true
    changed.signal()
  }

  /// The grant of the address, if one is alive at this moment.
  package func grant(of address: IPAddress) -> Grant? { table.grant(of: address, at: .now) }

  /// Ends all grants of a user.
  package func revoke(user: String) {
    guard table.revoke(user: user) else { return }
    isDirty = true
    isUrgent = true
    changed.signal()
  }

  /// Writes the file when it has to be written, until the program is to stop; then a last time.
  package func keepFile() async {
    do throws(WaitError) {
      while true {
        while !isDirty { try await changed.wait() }
        let deadline = Instant.now + Self.coalescing
        while !isUrgent && .now < deadline { try await waitForUrgency(until: deadline) }
        await write()
      }
    } catch {
      if isDirty { await write() }
    }
  }

  private func waitForUrgency(until deadline: Instant) async throws(WaitError) {
    do throws(WaitError) { try await changed.wait(until: deadline) } catch let error
      where error == .timedOut
    {}
  }

  private func write() async {
    isDirty = false
    isUrgent = false
    table.removeExpired(at: .now)
    let text = GrantFile.text(of: table.grants, boot: boot)
    do throws(SystemError) {
      try await disk.run { () throws(SystemError) in
        try directory.remove(Self.temporaryName)
        let file = try directory.create(Self.temporaryName, mode: 0o640)
        try file.writeAll(text)
        try file.synchronizeData()
        try directory.rename(Self.temporaryName, to: directory, as: Self.fileName)
      }
    } catch {
      report("\(Self.fileName): \(error); the grants are kept in memory")
      isDirty = true
    }
  }
}
