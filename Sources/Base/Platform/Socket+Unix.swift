internal import CLinux

extension Descriptor {
  /// A connection to the Unix stream socket at `path`.
  ///
  /// It stands at once or not at all: the kernel knows no connection of this kind that is being made.
  ///
  /// - Throws: an error with `isWouldBlock` while the listener has as many waiting as it takes.
  package static func connecting(toUnixSocket path: String) throws(SystemError) -> Descriptor {
    let address = try unixAddress(path, for: "connect")
    let descriptor = try unixSocket()
    let number = descriptor.number
    _ = try attempt("connect") {
      unsafe withUnsafeBytes(of: address) { raw in
        unsafe connect(
          number, raw.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(raw.count))
      }
    }
    return descriptor
  }

  /// A Unix stream socket that listens at `path`, where nothing is.
  ///
  /// - Parameter mode: the permission bits; whoever may write may connect.
  package static func listening(
    onUnixSocket path: String, mode: UInt32
  ) throws(SystemError) -> Descriptor {
    let address = try unixAddress(path, for: "bind")
    let descriptor = try unixSocket()
    let number = descriptor.number
    _ = try attempt("bind") {
      unsafe withUnsafeBytes(of: address) { raw in
        unsafe bind(
          number, raw.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(raw.count))
      }
    }
    // Before it listens nobody can connect, whatever the umask has left of the mode.
    _ = try attempt("chmod") { unsafe chmod(path, mode) }
    _ = try attempt("listen") { listen(number, 8) }
    return descriptor
  }

  /// The next waiting client of a Unix socket that listens.
  ///
  /// - Throws: an error with `isWouldBlock` when no client waits.
  package borrowing func acceptUnix() throws(SystemError) -> Descriptor {
    let number = self.number
    return Descriptor(
      owning: try attempt("accept4") {
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return accept4(number, nil, nil, flags)
      })
  }

  /// The number of the user who has connected over a Unix socket, as the kernel noted it then.
  package borrowing func peerUser() throws(SystemError) -> UInt32 {
    let number = self.number
    var user: uid_t = 0
    _ = try attempt("getsockopt") { unsafe cl_peer_user(number, &user) }
    return user
  }

  private static func unixSocket() throws(SystemError) -> Descriptor {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    return Descriptor(owning: try attempt("socket") { socket(AF_UNIX, type, 0) })
  }

  private static func unixAddress(
    _ path: String, for call: StaticString
  ) throws(SystemError) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8)
    guard !name.isEmpty, name.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemError(code: name.isEmpty ? ENOENT : ENAMETOOLONG, call: call)
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    return address
  }
}
