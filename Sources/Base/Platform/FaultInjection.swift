#if FAULT_INJECTION
  internal import CLinux
  import Synchronization

  /// Fails the n-th system call of a test; compiled into debug builds only.
  ///
  /// The storage tests run an operation again and again, failing call 1, 2, 3 ... until it gets
  /// through, and look each time at what an interrupted run left on disk. Only calls of the thread
  /// that runs the operation count, so tests that run beside each other do not meet.
  package enum FaultInjection {
    /// Which calls fail.
    package enum Extent: Sendable {
      /// The n-th call only, as when a sector is bad.
      case once
      /// The n-th call and all after it, as when the disk has gone.
      case onwards
    }

    private struct Plan {
      var first: Int
      var extent: Extent
      var code: Int32
      /// The only call that counts, by its name; nil for all.
      var name: String?
      var calls = 0

      mutating func next(_ call: StaticString) -> Int32? {
        if let name, name != "\(call)" { return nil }
        calls += 1
        let fails = extent == .once ? calls == first : calls >= first
        return fails ? code : nil
      }
    }

    /// The plans by the thread they hold for.
    private static let plans = Mutex<[UInt: Plan]>([:])

    /// Runs `body` on this thread with its `n`-th system call failing with `code`.
    ///
    /// - Returns: whether the call was reached, so whether a larger `n` is worth trying.
    package static func failing<Failure: Error>(
      call n: Int, _ extent: Extent = .once, with code: Int32,
      in body: () throws(Failure) -> Void
    ) -> (reached: Bool, failure: Failure?) {
      begin(call: n, extent, with: code)
      var failure: Failure?
      do { try body() } catch { failure = error }
      return (end(), failure)
    }

    /// Runs `body` on this thread with each call of this name failing with `code`; says whether there was one.
    package static func failing<Failure: Error>(
      every name: String, with code: Int32, in body: () throws(Failure) -> Void
    ) -> (reached: Bool, failure: Failure?) {
      begin(call: 1, .onwards, with: code, named: name)
      var failure: Failure?
      do { try body() } catch { failure = error }
      return (end(), failure)
    }

    /// Has the `n`-th system call of this thread fail from now on, until `end`: for work that comes to
    /// the thread in pieces, as to the only one of a pool.
    package static func begin(
      call n: Int, _ extent: Extent = .once, with code: Int32, named name: String? = nil
    ) {
      let thread = UInt(pthread_self())
      plans.withLock { plans in
        precondition(plans[thread] == nil, "one plan a thread")
        plans[thread] = Plan(first: n, extent: extent, code: code, name: name)
      }
    }

    /// Lets all calls of this thread through again; says whether the call was reached.
    package static func end() -> Bool {
      let plan = plans.withLock { $0.removeValue(forKey: UInt(pthread_self())) }
      return plan.map { $0.calls >= $0.first } ?? false
    }

    static func failure(of call: StaticString) -> Int32? {
      plans.withLock { plans in
        plans.isEmpty ? nil : plans[UInt(pthread_self())]?.next(call)
      }
    }
  }
#endif
