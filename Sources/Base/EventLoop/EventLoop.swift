internal import CLinux
package import Platform
import Synchronization

/// The one thread on which all mutable state of the program lives, and the wait for the kernel.
///
/// It is the executor of the `Loop` global actor and the task executor of every task below the root,
/// so continuations, groups and `async let` all resume here without a lock or a thread switch. Work
/// that blocks goes to a `WorkerPool` and comes back through `enqueue`.
///
/// Readiness is edge-triggered: a descriptor is registered once, and an event that comes while nobody
/// waits is kept for the next wait, and for no other. So whoever reads or writes waits after `EAGAIN`.
/// Wake-ups may be spurious.
///
/// **Limits**: one waiting reader and one waiting writer for a descriptor.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  // `@unchecked`: `inbox` has a lock; everything else is touched by the loop's thread only, which
  // `assertOnLoop` checks where a call could come from elsewhere.
  private let epoll: Descriptor
  private let wakeUp: Descriptor
  private let alarm: Descriptor
  /// The jobs that other threads have handed in.
  private let inbox = Mutex<[UnownedJob]>([])
  /// The thread that runs the loop, 0 before it runs.
  private let thread = Atomic<pthread_t>(0)

  private var ready: [UnownedJob] = []
  private var isStopped = false
  private var alarmTime = Instant.distantFuture
  var waits = WaitTable()
  /// Whether the waits that may be interrupted end with `.draining` from now on.
  package private(set) var isDraining = false

  private static let eventsPerWait: Int32 = 64

  private init(
    epoll: consuming Descriptor, wakeUp: consuming Descriptor, alarm: consuming Descriptor
  ) {
    self.epoll = epoll
    self.wakeUp = wakeUp
    self.alarm = alarm
  }

  /// An event loop that does not run yet; jobs may be enqueued at once.
  static func make() throws(SystemError) -> EventLoop {
    let loop = EventLoop(
      epoll: Descriptor(owning: try checked("epoll_create1", epoll_create1(Int32(EPOLL_CLOEXEC)))),
      wakeUp: Descriptor(
        owning: try checked("eventfd2", eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)))),
      alarm: Descriptor(
        owning: try checked(
          "timerfd_create",
          timerfd_create(CLOCK_BOOTTIME, Int32(TFD_CLOEXEC | TFD_NONBLOCK)))))
    try loop.register(loop.wakeUp)
    try loop.register(loop.alarm)
    return loop
  }

  // MARK: Executor

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isOnLoop {
      ready.append(job)
      return
    }
    let isFirst = inbox.withLock { jobs in
      jobs.append(job)
      return jobs.count == 1
    }
    if isFirst {
      var one: UInt64 = 1
      _ = unsafe write(wakeUp.number, &one, 8)
    }
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: self)
  }

  package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
    unsafe UnownedTaskExecutor(ordinary: self)
  }

  package func checkIsolated() { assertOnLoop() }

  func assertOnLoop() { precondition(isOnLoop, "this is the loop's business") }

  private var isOnLoop: Bool { thread.load(ordering: .relaxed) == pthread_self() }

  // MARK: Running

  /// Runs jobs and waits for the kernel on the calling thread until `stop` is called.
  package func run() {
    thread.store(pthread_self(), ordering: .relaxed)
    takeInbox()
    var events = unsafe [epoll_event](repeating: epoll_event(), count: Int(Self.eventsPerWait))
    while !isStopped {
      runReadyJobs()
      if isStopped { break }
      setAlarm()
      let count = unsafe epoll_wait(
        epoll.number, &events, Self.eventsPerWait, ready.isEmpty ? -1 : 0)
      for index in 0..<Int(max(0, count)) { unsafe take(events[index]) }
      waits.wakeExpired(at: .now)
    }
    thread.store(0, ordering: .relaxed)
  }

  /// Ends `run` after the job that calls this.
  package func stop() {
    assertOnLoop()
    isStopped = true
  }

  /// Runs what was ready when the pass began; what that makes ready has its turn after the kernel.
  private func runReadyJobs() {
    let jobs = ready
    ready.removeAll(keepingCapacity: ready.capacity <= 256)
    for job in jobs {
      unsafe job.runSynchronously(
        isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      if isStopped { return }
    }
  }

  private func take(_ event: epoll_event) {
    let number = unsafe event.data.fd
    if number == wakeUp.number {
      var count: UInt64 = 0
      _ = unsafe read(wakeUp.number, &count, 8)
      takeInbox()
    } else if number == alarm.number {
      var count: UInt64 = 0
      _ = unsafe read(alarm.number, &count, 8)
      alarmTime = .distantFuture
    } else {
      let flags = unsafe event.events
      let failed = EPOLLERR.rawValue | EPOLLHUP.rawValue
      waits.wake(
        descriptor: number,
        readers: flags & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | failed) != 0,
        writers: flags & (EPOLLOUT.rawValue | failed) != 0)
    }
  }

  private func takeInbox() {
    inbox.withLock { jobs in
      ready.append(contentsOf: jobs)
      jobs.removeAll(keepingCapacity: jobs.capacity <= 256)
    }
  }

  /// Arms the timer for the first deadline.
  ///
  /// One that fires early costs a pass, so it is set only when a deadline comes before it, not each time the first deadline goes away.
  private func setAlarm() {
    guard let first = waits.firstDeadline, first < alarmTime else { return }
    alarmTime = first
    let time = max(1, first.nanoseconds)
    var setting = itimerspec(
      it_interval: timespec(tv_sec: 0, tv_nsec: 0),
      it_value: timespec(tv_sec: Int(time / 1_000_000_000), tv_nsec: Int(time % 1_000_000_000)))
    _ = unsafe timerfd_settime(alarm.number, Int32(TFD_TIMER_ABSTIME), &setting, nil)
  }

  // MARK: Descriptors

  /// Lets `waitUntilReadable` and `waitUntilWritable` be used on the descriptor, until it is closed.
  package func register(_ descriptor: borrowing Descriptor) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events =
      EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
    unsafe event.data.fd = descriptor.number
    waits.register(descriptor.number)
    _ = try checked(
      "epoll_ctl", unsafe epoll_ctl(epoll.number, EPOLL_CTL_ADD, descriptor.number, &event))
  }

  /// Ends every wait that may be interrupted, now and from now on: the program is about to stop.
  package func beginDraining() {
    assertOnLoop()
    isDraining = true
    waits.wakeInterruptible()
  }
}

private func checked(_ call: StaticString, _ result: Int32) throws(SystemError) -> Int32 {
  if result < 0 { throw SystemError(code: cl_errno(), call: call) }
  return result
}
