#if FAULT_INJECTION
  internal import COpenSSL
  import Synchronization

  /// The work of passwords as tests compare it, without a clock; compiled into debug builds only.
  extension KeyDerivation {
    private static let counts = Mutex<[UInt: Int]>([:])

    /// The iterations of PBKDF2 that this thread has done so far.
    package static var iterationsOfThread: Int {
      counts.withLock { $0[UInt(pthread_self()), default: 0] }
    }

    static func count(_ iterations: Int) {
      counts.withLock { $0[UInt(pthread_self()), default: 0] += iterations }
    }
  }
#endif
