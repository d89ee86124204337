internal import CLinux

extension Descriptor {
  /// A connection to the Unix stream socket at `path`.
  ///
  /// It stands at once or not at all: the kernel knows no connection of this kind that is being made.
  ///
  /// - Throws: an error with `isWouldBlock` while the listener has as many waiting as it takes.
  package static func connecting(toUnixSocket path: String) throws(SystemError) -> Descriptor {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8)
    guard !name.isEmpty, name.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemError(code: name.isEmpty ? ENOENT : ENAMETOOLONG, call: "connect")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(owning: try attempt("socket") { socket(AF_UNIX, type, 0) })
    let number = descriptor.number
    _ = try attempt("connect") {
      unsafe withUnsafeBytes(of: address) { raw in
        unsafe connect(
          number, raw.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(raw.count))
      }
    }
    return descriptor
  }
}
