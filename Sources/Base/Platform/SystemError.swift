internal import CLinux

/// A failed call to the kernel: which call, and the errno it left.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The errno value, such as `ENOSPC`.
  package let code: Int32

  /// The name of the call that failed, as `strace` prints it.
  package let call: StaticString

  package init(code: Int32, call: StaticString) {
    self.code = code
    self.call = call
  }

  /// The system's text for the code, and the call: `No space left on device (fdatasync)`.
  package var description: String { "\(text) (\(call))" }

  /// The system's text for the code.
  package var text: String { Self.text(of: code) }

  package static func == (left: SystemError, right: SystemError) -> Bool {
    left.code == right.code
  }

  /// A file that ends before it should: somebody else has changed it.
  package static let fileTooShort = SystemError(code: EIO, call: "pread64")

  /// Whether the file, or a part of its path, does not exist.
  package var isNotFound: Bool { code == ENOENT }

  /// Whether something other than an ordinary file has the name: a directory, link or socket.
  package var isWrongKindOfFile: Bool { code == EISDIR || code == ELOOP || code == ENXIO }

  /// Whether a part of the path is no directory.
  package var isNotDirectory: Bool { code == ENOTDIR }

  /// Whether a file of that name exists already.
  package var isAlreadyExisting: Bool { code == EEXIST }

  /// Whether the disk, the quota or the file-size limit is exhausted.
  package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

  /// Whether the process or the system has no descriptor left.
  package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

  /// Whether the kernel has no memory left for it.
  package var isOutOfMemory: Bool { code == ENOMEM || code == ENOBUFS }

  /// Whether another program has the port.
  package var isAddressInUse: Bool { code == EADDRINUSE }

  /// Whether no interface of the machine has the address.
  package var isAddressMissing: Bool { code == EADDRNOTAVAIL }

  /// Whether the machine does not have the protocol, or not this address.
  package var isAddressFamilyMissing: Bool { code == EAFNOSUPPORT || code == EADDRNOTAVAIL }

  /// Whether the peer reads no more.
  package var isBrokenPipe: Bool { code == EPIPE }

  /// Whether nobody listens where a connection was asked for.
  package var isConnectionRefused: Bool { code == ECONNREFUSED }

  /// Whether the machine knows no way to the address: it has no network, or not this protocol.
  package var isNetworkMissing: Bool { code == ENETUNREACH || code == ENETDOWN }

  /// Whether the address does not answer on its link, or a router says that it cannot be reached.
  package var isHostUnreachable: Bool { code == EHOSTUNREACH || code == EHOSTDOWN }

  /// Whether the process has not the right to do this.
  package var isPermissionDenied: Bool { code == EACCES || code == EPERM }

  /// Whether the kernel, the file system or a filter of system calls does not have the call, or not this form of
  /// it; some filters say `EPERM`.
  package var isNotSupported: Bool {
    code == ENOSYS || code == EINVAL || code == EOPNOTSUPP || code == EPERM
  }

  /// Whether a non-blocking call has nothing to do yet.
  package var isWouldBlock: Bool { code == EAGAIN || code == EINPROGRESS }

  private static func text(of code: Int32) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
      guard let base = buffer.baseAddress, unsafe strerror_r(code, base, 128) == 0 else {
        return "error \(code)"
      }
      return unsafe String(cString: base)
    }
  }
}

/// Makes one call that returns -1 and sets errno when it fails; a call that a signal broke is repeated.
///
/// Every call that changes a file goes through here, so that the tests can fail the n-th one.
@inline(__always)
func attempt(
  _ call: StaticString, _ body: () -> Int32
) throws(SystemError) -> Int32 {
  try Int32(truncatingIfNeeded: attemptCounting(call) { Int(body()) })
}

/// The same for calls that return a byte count.
@inline(__always)
func attemptCounting(
  _ call: StaticString, _ body: () -> Int
) throws(SystemError) -> Int {
  #if FAULT_INJECTION
    if let code = FaultInjection.failure(of: call) { throw SystemError(code: code, call: call) }
  #endif
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = cl_errno()
    if code != EINTR { throw SystemError(code: code, call: call) }
  }
}
