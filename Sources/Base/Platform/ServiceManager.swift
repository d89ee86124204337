internal import CLinux

/// What systemd hands to a service and hears from it; without systemd none of it does anything.
package enum ServiceManager {
  /// A socket that was bound before the program started (`sd_listen_fds(3)`).
  package struct InheritedSocket: Sendable {
    /// The name of the socket unit, or what its `FileDescriptorName=` says.
    package let name: String
    /// The number of its descriptor, which whoever takes the socket owns.
    package let number: Int32
  }

  /// The sockets that were handed over, once: a second call finds none.
  package static func takeInheritedSockets() -> [InheritedSocket] {
    defer {
      for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
    }
    guard environment("LISTEN_PID").flatMap({ pid_t($0) }) == getpid(),
      let count = environment("LISTEN_FDS").flatMap({ Int32($0) }), count > 0
    else { return [] }
    let names = (environment("LISTEN_FDNAMES") ?? "")
      .split(separator: ":", omittingEmptySubsequences: false)
    return (0..<count).map { index in
      let number = 3 + index
      _ = cl_fcntl(number, F_SETFD, FD_CLOEXEC)
      _ = cl_fcntl(number, F_SETFL, cl_fcntl(number, F_GETFL, 0) | O_NONBLOCK)
      let name = Int(index) < names.count ? String(names[Int(index)]) : ""
      return InheritedSocket(name: name, number: number)
    }
  }

  /// Tells systemd how the program is, such as `READY=1` (`sd_notify(3)`).
  ///
  /// - Throws: what the kernel says where systemd expects to hear and cannot be told.
  package static func notify(_ state: String) throws(SystemError) {
    guard let path = environment("NOTIFY_SOCKET"), !path.isEmpty else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard name.count < room else { throw SystemError(code: ENAMETOOLONG, call: "sendto") }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Descriptor(owning: try attempt("socket") { CLinux.socket(AF_UNIX, type, 0) })
    let number = socket.number
    let text = Array(state.utf8)
    _ = try attemptCounting("sendto") {
      unsafe text.withUnsafeBytes { bytes in
        unsafe withUnsafeBytes(of: address) { raw in
          unsafe sendto(
            number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL),
            raw.assumingMemoryBound(to: sockaddr.self).baseAddress, length)
        }
      }
    }
  }

  private static func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}

/// The C library's heap, as a small and long-lived program wants it.
package enum Heap {
  /// One arena for all threads, and memory goes back to the kernel as soon as 128 KiB lie idle.
  ///
  /// Call it before any thread starts. With the defaults each thread gets an arena of its own, and
  /// what a burst of messages has used stays.
  package static func configure() {
    mallopt(M_ARENA_MAX, 1)
    mallopt(M_TRIM_THRESHOLD, 128 << 10)
    mallopt(M_TOP_PAD, 64 << 10)
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
  }

  /// Gives back what lies free between pieces that are in use; takes about a millisecond for 30 MB.
  ///
  /// By itself the C library gives back only what lies free at the end of the heap, and there a single
  /// piece that lives on keeps all that a burst of clients has used.
  package static func trim() { malloc_trim(0) }
}

/// The process itself.
package enum CurrentProcess {
  /// Ends the process with a sentence on the standard error and the status 71 (`EX_OSERR`): the machine lacks
  /// what the program cannot do without.
  package static func fail(_ sentence: String) -> Never {
    let line = Array("\(sentence)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    exit(71)
  }

  /// Ends the process at once, without waiting for its threads; what was printed is written out.
  package static func exit(_ code: Int32) -> Never {
    // A status of 0 would say that what was printed can be read.
    let isWritten = fflush(nil) == 0
    _exit(code == 0 && !isWritten ? 74 : code)
  }
}
