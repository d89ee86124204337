import EventLoop
package import Platform

/// The spool is opened once its disk is there, and lost when the disk goes.
extension Spool {
  /// Opens the spool if it is the spool (`SpoolIdentity`), makes what is missing in it, and reads the queue.
  ///
  /// It can be called again after it has failed and after the spool was lost; it has no effect on one that is open.
  /// No message may be under way.
  ///
  /// - Parameters:
  ///   - longestDelay: as in `load`.
  ///   - adopts: whether the admin says that this is the spool.
  /// - Returns: the files that are no messages.
  /// - Throws: the obstacle.
  package func open(
    longestDelay: Duration, adopts: Bool = false
  ) async throws(SpoolObstacle) -> [Stranger] {
    if obstacle == nil { return [] }
    do throws(SpoolObstacle) {
      let (path, state) = (path, statePath)
      let directories = try await disk.run { () throws(SpoolObstacle) in
        let root = try SpoolIdentity.root(of: path, state: state, adopts: adopts)
        do throws(SystemError) {
          do throws(SystemError) { try root.lock() } catch let error where error.isWouldBlock {
            throw SystemError.spoolInUse
          }
          return try SpoolDirectories(root: root)
        } catch {
          throw SpoolObstacle(
            error == .spoolInUse ? "another gatepostd works on it; stop that one" : "\(error)",
            error)
        }
      }
      index = QueueIndex()
      knownUsage = [:]
      let strangers: [Stranger]
      do throws(SystemError) {
        strangers = try await load(directories, longestDelay: longestDelay)
      } catch {
        throw SpoolObstacle("\(error)", error)
      }
      opened = directories
      obstacle = nil
      arrival.signal()
      return strangers
    } catch {
      obstacle = error
      throw error
    }
  }

  /// The directories of a spool that is open.
  ///
  /// Each use looks whether they are still at their path.
  ///
  /// - Throws: why it is not.
  var directories: SpoolDirectories {
    get throws(SystemError) {
      guard let opened else { throw obstacle?.error ?? .absentSpool }
      if !opened.isAt(path) {
        lose()
        throw .absentSpool
      }
      return opened
    }
  }

  /// Notes that the disk has gone, or that another one has come: nothing is known of its mail until it is read again.
  private func lose() {
    opened = nil
    obstacle = SpoolObstacle("its disk is not there any more: mount it")
    index = QueueIndex()
    knownUsage = [:]
    lost.signal()
  }

  /// Reads the queue after a start: removes what was never accepted, and plans what was.
  ///
  /// - Parameter longestDelay: a message is not planned later than this, whatever its file says: the
  ///   clock may have jumped since.
  /// - Returns: the files that are no messages.
  package func load(longestDelay: Duration) async throws(SystemError) -> [Stranger] {
    try await load(directories, longestDelay: longestDelay)
  }

  private func load(
    _ directories: SpoolDirectories, longestDelay: Duration
  ) async throws(SystemError) -> [Stranger] {
    let found = try await disk.run { () throws(SystemError) in
      try QueueScan(directories, wallTime: WallClock.now)
    }
    index.reserve(found.messages.count)
    let now = Instant.now
    for (message, delay) in found.messages {
      let due = now + min(.seconds(max(0, delay)), longestDelay)
      index.insert(message, due: message.folder == .held ? .distantFuture : due)
    }
    return found.strangers
  }
}

extension SystemError {
  /// Another process has the lock of the spool.
  fileprivate static let spoolInUse = SystemError(code: 16 /* EBUSY */, call: "flock")
}
