package import EventLoop
import Log
package import Platform

/// A listening socket that hands out its clients.
@Loop
package final class Listener {
  /// The address it listens on.
  package let address: SocketAddress
  /// Nil when it is closed.
  private var descriptor: Descriptor?
  /// Whether the last client could not be taken for want of descriptors or memory.
  private var isShort = false
  private var isStopped = false

  /// A listener over a socket that listens already, such as one inherited from systemd.
  package init(_ descriptor: consuming Descriptor) throws(SystemError) {
    address = try descriptor.localAddress()
    try descriptor.checkListening()
    // The sockets of clients inherit all of it.
    try descriptor.sendWithoutDelay()
    try descriptor.giveUpSilentPeer(after: Limits.silentPeer)
    try Loop.shared.eventLoop.register(descriptor)
    self.descriptor = .some(consume descriptor)
  }

  /// Binds `address` and listens on it.
  ///
  /// - Parameter mayBeMissing: whether no interface need have the address yet (`IP_FREEBIND`, ip(7)).
  package convenience init(
    on address: SocketAddress, mayBeMissing: Bool = false
  ) throws(SystemError) {
    try self.init(Descriptor.listening(on: address, mayBeMissing: mayBeMissing))
  }

  /// The next client; waits until there is one or the program is about to stop.
  ///
  /// Where the process is out of descriptors the client waits in the kernel's queue: one second is
  /// slept rather than spinning on a socket that stays readable. The admin is told once for each
  /// time that this begins.
  package func accept() async throws(WaitError) -> Connection {
    while !isStopped, let number = descriptor?.number {
      do throws(SystemError) {
        if let accepted = try descriptor?.accept() {
          let peer = accepted.peer
          let connection = try Connection(accepted.descriptor, peer: peer)
          isShort = false
          return connection
        }
      } catch let error where error.isWouldBlock {
        try await Loop.shared.eventLoop.waitUntilReadable(
          number, until: .distantFuture, isInterruptible: true)
      } catch {
        // ECONNABORTED and the like concern one client that has gone; the rest is a shortage.
        if isStopped { break }
        if error.isOutOfDescriptors || error.isOutOfMemory {
          noteShortage(error)
          try await Loop.shared.eventLoop.sleep(until: .now + .seconds(1))
        }
      }
    }
    throw .draining
  }

  /// Lets new clients be refused at once, so that they go elsewhere or come again; where systemd has
  /// bound the socket they wait for the next start of the program.
  package func close() { descriptor = nil }

  /// Ends `accept`, now and later; clients that have connected and were not taken yet are refused.
  package func stop() {
    isStopped = true
    // Wakes whoever waits for a client.
    descriptor?.stopListening()
  }

  private func noteShortage(_ error: SystemError) {
    if isShort { return }
    isShort = true
    Log.say(
      .error,
      "\(address): clients have to wait: \(error); raise LimitNOFILE= of the service, or lower "
        + "[limits] connections")
  }
}
