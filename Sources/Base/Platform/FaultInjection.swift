#if FAULT_INJECTION
  import Synchronization

  /// Fails the n-th system call of the running test; compiled into debug builds only.
  ///
  /// The storage tests run an operation again and again, failing call 1, 2, 3 ... until it gets
  /// through, and look each time at what an interrupted run left on disk. The plan belongs to the
  /// task and the tasks it starts, so that tests which run beside it do not see it.
  package enum FaultInjection {
    private final class Plan: Sendable {
      let call: Int
      let code: Int32
      let calls = Mutex(0)

      init(call: Int, code: Int32) {
        self.call = call
        self.code = code
      }
    }

    @TaskLocal private static var plan: Plan?

    /// Runs `body` with its `n`-th system call failing with `code`.
    ///
    /// - Returns: whether the call was reached, so whether a larger `n` is worth trying.
    package static func failing<Failure: Error>(
      call n: Int, with code: Int32, in body: () throws(Failure) -> Void
    ) -> (reached: Bool, failure: Failure?) {
      let plan = Plan(call: n, code: code)
      var failure: Failure?
      $plan.withValue(plan) {
        do throws(Failure) { try body() } catch { failure = error }
      }
      return (plan.calls.withLock { $0 >= n }, failure)
    }

    /// Runs `body`, which may wait, with its `n`-th system call failing with `code`.
    ///
    /// - Returns: whether the call was reached, so whether a larger `n` is worth trying.
    package static func failing<Failure: Error>(
      call n: Int, with code: Int32, in body: () async throws(Failure) -> Void
    ) async -> (reached: Bool, failure: Failure?) {
      let plan = Plan(call: n, code: code)
      var failure: Failure?
      await $plan.withValue(plan) {
        do throws(Failure) { try await body() } catch { failure = error }
      }
      return (plan.calls.withLock { $0 >= n }, failure)
    }

    static func failure(of call: StaticString) -> Int32? {
      guard let plan else { return nil }
      return plan.calls.withLock { calls in
        calls += 1
        return calls == plan.call ? plan.code : nil
      }
    }
  }
#endif
