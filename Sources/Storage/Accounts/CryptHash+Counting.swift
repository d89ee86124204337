#if FAULT_INJECTION
  internal import CLinux
  import Synchronization

  /// The work of passwords as tests compare it, without a clock; compiled into debug builds only.
  extension CryptHash {
    private static let counts = Mutex<[UInt: [String]]>([:])

    /// The methods of the hashes that this thread has computed so far.
    static var methodsOfThread: [String] {
      Self.counts.withLock { $0[UInt(pthread_self()), default: []] }
    }

    func count() {
      Self.counts.withLock { $0[UInt(pthread_self()), default: []].append(method) }
    }
  }
#endif
