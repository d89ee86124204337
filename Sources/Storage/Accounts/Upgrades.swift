package import EventLoop
import Platform

/// The verifiers of SCRAM that users with a hash of crypt(3) have got at a login, in memory and in a
/// file: the daemon cannot write the users file.
///
/// The file has one writer, the task that runs `Accounts.keepUpgrades`; so no login waits for the disk or
/// fails because of it.
///
/// **Failures**: what cannot be written is kept in memory, reported once, and written together with what
/// comes next, or when the program stops.
@Loop
package final class Upgrades {
  /// What is known; nil while no hash is to be upgraded.
  private(set) var table: UpgradeTable?

  private nonisolated let path: String
  private let disk: WorkerPool
  private let report: @Loop (String) -> Void
  private let changed = Condition()
  /// Whether the table has changed since it was tried to write it, and since it was written.
  private var isChanged = false, isUnwritten = false
  private var isFailing = false

  /// How long changes wait for others, for the flash's sake.
  private static let coalescing: Duration = .seconds(60)

  /// The upgrades kept in the state directory at `path`.
  ///
  /// - Parameter report: takes sentences for the admin.
  package init(path: String, disk: WorkerPool, report: @escaping @Loop (String) -> Void) {
    self.path = path
    self.disk = disk
    self.report = report
  }

  /// Reads the file.
  func begin() {
    do throws(SystemError) {
      let (table, remark) = try UpgradeFile.read(in: Directory(path: path))
      self.table = table
      if let remark { report(remark) }
    } catch {
      table = UpgradeTable()
      report("\(UpgradeFile.name): \(error); users with a hash of crypt(3) begin anew")
    }
  }

  /// Forgets what the file says, and leaves it alone.
  func end() {
    table = nil
    isChanged = false
    isUnwritten = false
  }

  /// What the user logs in with in place of the hash in the users file.
  func current(_ name: UserName) -> SCRAMVerifier? { table?.current(name) }

  /// Finds out which entries hold for these users.
  func update(for users: [UserName: User]) { table?.update(for: users) }

  /// Has the verifier stand in for the one that the user logs in with.
  func replace(_ user: User, by verifier: SCRAMVerifier) {
    table?.add(
      verifier, replacing: user.verifier.fingerprint, of: user.name, isCurrent: true)
    isChanged = true
    isUnwritten = true
    changed.signal()
  }

  /// Writes the file when it has to be written, until the program is to stop; then a last time.
  func keepFile(users: @Loop () -> [UserName: User]) async {
    do throws(WaitError) {
      while true {
        while !isChanged { try await changed.wait() }
        try await pause()
        await write(users())
      }
    } catch {
      if isUnwritten { await write(users()) }
    }
  }

  private func pause() async throws(WaitError) {
    try await Loop.shared.eventLoop.sleep(until: .now + Self.coalescing)
  }

  /// Writes what holds for these users.
  func write(_ users: [UserName: User]) async {
    isChanged = false
    guard var table else { return }
    table.removeStale(users)
    self.table = table
    let content = table
    isUnwritten = false
    do throws(SystemError) {
      try await disk.run { () throws(SystemError) in
        try UpgradeFile.write(content, in: Directory(path: path))
      }
      isFailing = false
    } catch {
      isUnwritten = true
      if !isFailing { report("\(UpgradeFile.name): \(error); the verifiers are kept in memory") }
      isFailing = true
    }
  }
}
