internal import CLinux

extension Descriptor {
  /// A UDP socket that sends to `address` and takes nothing from anywhere else.
  ///
  /// The kernel chooses a random port, and drops datagrams from other addresses and ports.
  package static func datagrams(with address: SocketAddress) throws(SystemError) -> Descriptor {
    let family = address.host.isV4 ? AF_INET : AF_INET6
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(owning: try attempt("socket") { socket(family, type, 0) })
    let number = descriptor.number
    _ = try attempt("connect") { unsafe address.withRaw { unsafe connect(number, $0, $1) } }
    return descriptor
  }
}
