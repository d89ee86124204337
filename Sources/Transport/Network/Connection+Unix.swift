import Platform

extension Connection {
  /// A connection to the Unix stream socket at `path`; it waits for nothing, so it has no deadline.
  ///
  /// Its `peer` is the loopback address with port 0: a program on this machine.
  package static func connect(
    toUnixSocket path: String
  ) throws(ConnectionError) -> Connection {
    do throws(SystemError) {
      let descriptor = try Descriptor.connecting(toUnixSocket: path)
      return try Connection(descriptor, peer: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0))
    } catch {
      throw .system(error)
    }
  }
}
