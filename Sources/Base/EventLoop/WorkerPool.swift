internal import CLinux
package import Platform
import Synchronization

/// A few threads for work that blocks: syncs, directory scans, name lookups, password hashes.
///
/// The threads start with `start`, or else with the first work, and stay. Work is taken in the order it was handed
/// in.
///
/// **Limits**: `threads` at the same time; the queue is as long as there are tasks that wait for it.
package final class WorkerPool: TaskExecutor, Sendable {
  private let queue: Mutex<Queue>
  /// Counts the jobs in `queue`; a worker sleeps on it.
  private let semaphore: Semaphore
  private let threads: Int

  private struct Queue {
    var jobs: [UnownedJob] = []
    var next = 0
    var started = 0
    var idle = 0

    mutating func take() -> UnownedJob? {
      guard next < jobs.count else { return nil }
      let job = jobs[next]
      next += 1
      if next == jobs.count {
        jobs.removeAll(keepingCapacity: jobs.capacity <= 256)
        next = 0
      }
      return job
    }
  }

  /// A pool of at most `threads` threads.
  package init(threads: Int) {
    self.threads = threads
    queue = Mutex(Queue())
    semaphore = Semaphore()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let mustStart = queue.withLock { queue in
      queue.jobs.append(job)
      let isBusy = queue.idle < queue.jobs.count - queue.next
      guard isBusy && queue.started < threads else { return false }
      queue.started += 1
      return true
    }
    if mustStart {
      do throws(SystemError) { try startThread() } catch {
        CurrentProcess.fail("the kernel refuses a thread: \(error)")
      }
    }
    semaphore.signal()
  }

  /// Starts all threads, so that none can be refused later.
  ///
  /// - Throws: why the kernel refuses one.
  package func start() throws(SystemError) {
    while queue.withLock({ queue in
      if queue.started == threads { return false }
      queue.started += 1
      return true
    }) {
      try startThread()
    }
  }

  package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
    unsafe UnownedTaskExecutor(ordinary: self)
  }

  /// Runs `body` on one of the threads and returns its result on the loop.
  package func run<Result: Sendable, Failure: Error>(
    _ body: @Sendable () throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    try await withTaskExecutorPreference(self) { () async throws(Failure) -> Result in
      try await perform(body)
    }
  }

  @concurrent
  private func perform<Result: Sendable, Failure: Error>(
    _ body: @Sendable () throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    try body()
  }

  fileprivate func work() {
    while true {
      queue.withLock { $0.idle += 1 }
      semaphore.wait()
      let job = queue.withLock { queue in
        queue.idle -= 1
        return queue.take()
      }
      unsafe job?.runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  /// Starts a thread that never ends: the pool is one of the few that live as long as the program.
  private func startThread() throws(SystemError) {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    // Enough for ldns, getdents buffers and crypt(3); 8 MiB would be address space for nothing.
    unsafe pthread_attr_setstacksize(&attributes, 256 << 10)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let pool = unsafe Unmanaged.passRetained(self).toOpaque()
    let code = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        if let argument = unsafe argument {
          unsafe Unmanaged<WorkerPool>.fromOpaque(argument).takeUnretainedValue().work()
        }
        return nil
      }, pool)
    unsafe pthread_attr_destroy(&attributes)
    if code != 0 { throw SystemError(code: code, call: "clone") }
  }
}

/// A counting semaphore of the C library.
@safe private final class Semaphore: Sendable {
  private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { unsafe sem_init(semaphore, 0, 0) }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func signal() { unsafe sem_post(semaphore) }

  func wait() {
    while unsafe sem_wait(semaphore) != 0 {}  // broken by a signal
  }
}
