package import EventLoop
package import Platform

/// A Unix stream socket for programs on this machine, which the mode of its file lets in.
///
/// **Failures**: where the process is out of descriptors a client waits in the kernel's queue for a second.
@Loop
package final class UnixSocketListener {
  private let descriptor: Descriptor
  private let directory: Directory
  private let name: String

  /// Listens at `name` in the directory at `path`; a socket that nobody serves any more is replaced.
  ///
  /// - Throws: an error with `isAddressInUse` where another program serves it, or where the name is
  ///   that of something else.
  package init(in path: String, as name: String, mode: UInt32) throws(SystemError) {
    directory = try Directory(path: path)
    self.name = name
    let file = "\(path)/\(name)"
    if try Self.isStale(file, name, in: directory) { try directory.remove(name) }
    descriptor = try Descriptor.listening(onUnixSocket: file, mode: mode)
    try Loop.shared.eventLoop.register(descriptor)
  }

  /// The next client and the number of its user; waits until there is one or the program is about to
  /// stop.
  package func accept() async throws(WaitError) -> (connection: Connection, user: UInt32) {
    while true {
      do throws(SystemError) {
        let accepted = try descriptor.acceptUnix()
        let user = try accepted.peerUser()
        let peer = SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0)
        return (try Connection(accepted, peer: peer), user)
      } catch let error where error.isWouldBlock {
        try await Loop.shared.eventLoop.waitUntilReadable(
          descriptor.number, until: .distantFuture, isInterruptible: true)
      } catch {
        if error.isOutOfDescriptors || error.isOutOfMemory {
          try await Loop.shared.eventLoop.sleep(until: .now + .seconds(1))
        }
      }
    }
  }

  /// Removes the name, so that nobody takes the program for a running one; it must be the last of it.
  package func removeName() { _ = try? directory.remove(name) }

  private static func isStale(
    _ path: String, _ name: String, in directory: borrowing Directory
  ) throws(SystemError) -> Bool {
    do throws(SystemError) {
      guard try directory.status(of: name).isSocket else { return false }
      _ = try Descriptor.connecting(toUnixSocket: path)
      return false
    } catch {
      return error.isConnectionRefused
    }
  }
}
