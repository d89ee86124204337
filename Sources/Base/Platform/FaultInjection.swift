#if FAULT_INJECTION
  import Synchronization

  /// Fails the n-th system call of the running test; compiled into debug builds only.
  ///
  /// The storage tests run an operation again and again, failing call 1, 2, 3 ... until it gets
  /// through, and look each time at what an interrupted run left on disk.
  package enum FaultInjection {
    private static let plan = Mutex<(countdown: Int, code: Int32, calls: Int)>((0, 0, 0))

    /// Runs `body` with its `n`-th system call failing with `code`.
    ///
    /// - Returns: whether the call was reached, so whether a larger `n` is worth trying.
    package static func failing<Failure: Error>(
      call n: Int, with code: Int32, in body: () throws(Failure) -> Void
    ) -> (reached: Bool, failure: Failure?) {
      plan.withLock { $0 = (n, code, 0) }
      defer { plan.withLock { $0 = (0, 0, 0) } }
      var failure: Failure?
      do { try body() } catch { failure = error }
      return (plan.withLock { $0.calls >= n }, failure)
    }

    static func failure(of call: StaticString) -> Int32? {
      plan.withLock { plan in
        guard plan.countdown > 0 else { return nil }
        plan.calls += 1
        return plan.calls == plan.countdown ? plan.code : nil
      }
    }
  }
#endif
