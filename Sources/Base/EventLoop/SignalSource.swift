internal import CLinux
package import Platform

/// A signal the program acts on.
package enum Signal: Sendable {
  /// SIGTERM or SIGINT: finish what is under way and stop.
  case terminate
  /// SIGHUP: read the configuration's files again.
  case reload
}

/// Signals as something to read, instead of code that runs in between.
@Loop
package final class SignalSource {
  private let descriptor: Descriptor

  /// Blocks the signals for the calling thread and all it starts later; call it before any thread.
  ///
  /// SIGPIPE is ignored: a peer that has gone is an error of the write.
  package nonisolated static func block() {
    cl_ignore_signal(SIGPIPE)
    var set = signals
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  private nonisolated static var signals: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, number) }
    return set
  }

  private init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// A source of the signals that `block` holds back.
  package static func make() throws(SystemError) -> SignalSource {
    var set = signals
    let number = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    if number < 0 { throw SystemError(code: cl_errno(), call: "signalfd4") }
    let source = SignalSource(owning: Descriptor(owning: number))
    try Loop.shared.eventLoop.register(source.descriptor)
    return source
  }

  /// The next signal.
  package func next() async throws(WaitError) -> Signal {
    while true {
      var info = signalfd_siginfo()
      let size = MemoryLayout<signalfd_siginfo>.size
      let count = unsafe read(descriptor.number, &info, size)
      if count == size { return Int32(info.ssi_signo) == SIGHUP ? .reload : .terminate }
      // Readiness is told once: after a read that fails for another reason nothing would wake us for this signal.
      if count < 0, cl_errno() != EAGAIN {
        try await Loop.shared.eventLoop.sleep(until: .now + .seconds(1))
        continue
      }
      try await Loop.shared.eventLoop.waitUntilReadable(
        descriptor.number, until: .distantFuture)
    }
  }
}
