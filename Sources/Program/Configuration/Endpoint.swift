package import Platform

/// Where a listener listens: a port, on one address or on all.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  /// The address, nil for every address of the machine, IPv4 and IPv6.
  package let address: IPAddress?
  /// The port, never 0.
  package let port: UInt16

  /// The address, or those that stand for every address of the machine.
  package var addresses: [SocketAddress] {
    let hosts = address.map { [$0] } ?? [IPAddress(v4: 0), IPAddress("::")].compactMap { $0 }
    return hosts.map { SocketAddress($0, port: port) }
  }

  /// As it is written in the file.
  package var description: String {
    address.map { SocketAddress($0, port: port).description } ?? "\(port)"
  }
}
