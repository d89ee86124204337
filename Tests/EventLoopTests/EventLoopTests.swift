import Foundation
import Platform
import TestSupport
import Testing

@testable import EventLoop

@Suite struct EventLoopTests {
  @Test("A job from another thread runs on the loop's thread")
  func enqueueFromOutside() async {
    await onLoop {
      let loopThread = pthread_self()
      #expect(await threadOfLoop() == loopThread)
    }
  }

  @Test("Groups, async let and workers come back to the loop's thread")
  func oneThread() async {
    await onLoop {
      let home = pthread_self()
      let pool = WorkerPool(threads: 1)
      await withDiscardingTaskGroup { group in
        for _ in 0..<10 { group.addTask { #expect(await threadOfLoop() == home) } }
      }
      async let other = threadOfLoop()
      #expect(await other == home)
      let away = await pool.run { pthread_self() }
      #expect(away != home)
      #expect(pthread_self() == home)
    }
  }

  @Test("Workers run at most as many jobs at once as they have threads, and lose none")
  func workers() async {
    let pool = WorkerPool(threads: 2)
    let total = await withTaskGroup(of: Int.self) { group in
      for number in 0..<200 { group.addTask { await onLoop { await pool.run { number } } } }
      return await group.reduce(0, +)
    }
    #expect(total == 199 * 200 / 2)
  }

  @Test("A worker's error comes back typed")
  func workerError() async {
    let pool = WorkerPool(threads: 1)
    await onLoop {
      do throws(SystemError) {
        try await pool.run { () throws(SystemError) in throw SystemError(code: EIO, call: "read") }
        Issue.record("the error was lost")
      } catch { #expect(error.code == EIO) }
    }
  }

  @Test("Sleepers wake in the order of their deadlines")
  func order() async {
    await onLoop {
      let start = Instant.now
      let woken = Recorder()
      await withDiscardingTaskGroup { group in
        for delay in [5, 1, 4, 2, 3] {
          group.addTask {
            await sleep(until: start + .milliseconds(delay))
            await woken.add(delay)
          }
        }
      }
      #expect(woken.values == [1, 2, 3, 4, 5])
    }
  }

  @Test("A cancelled wait ends at once, before its deadline and before it began")
  func cancellation() async {
    await onLoop {
      let ends = Recorder()
      await withDiscardingTaskGroup { group in
        group.addTask { await ends.add(endOfLongSleep()) }
        await Task.yield()
        group.cancelAll()
        group.addTask { await ends.add(endOfLongSleep()) }
      }
      #expect(ends.values == [1, 1])
    }
  }

  @Test("A reader waits for the peer's bytes, and a deadline ends the wait")
  func readiness() async throws {
    try await onLoop {
      let pair = try SocketPair()
      try Loop.shared.eventLoop.register(pair.left)
      let result = await readableOrError(pair.left.number, until: .now + .milliseconds(2))
      #expect(result == .timedOut)
      try pair.right.writeAll([65])
      #expect(await readableOrError(pair.left.number, until: .distantFuture) == nil)
    }
  }

  /// A wait that went on to end at once would never let the loop do anything else.
  @Test("The end of a peer is told once, to the wait that is under way or the next")
  func peerEnd() async throws {
    for isWaiting in [true, false] {
      try await onLoop {
        let pair = try SocketPair()
        try Loop.shared.eventLoop.register(pair.left)
        let number = pair.left.number
        async let first = isWaiting ? readableOrError(number, until: .distantFuture) : nil
        await Task.yield()
        pair.right.finishSending()
        try await Loop.shared.eventLoop.sleep(until: .now + .milliseconds(5))
        if !isWaiting { #expect(await readableOrError(number, until: .distantFuture) == nil) }
        #expect(await first == nil)
        let again = await readableOrError(number, until: .now + .milliseconds(2))
        #expect(again == .timedOut)
      }
    }
  }

  @Test("A condition wakes all that wait for it")
  func condition() async {
    await onLoop {
      let condition = Condition()
      let woken = Recorder()
      await withDiscardingTaskGroup { group in
        for number in 0..<3 {
          group.addTask {
            await wait(for: condition)
            await woken.add(number)
          }
        }
        for _ in 0..<3 { await Task.yield() }
        #expect(woken.values.isEmpty)
        condition.signal()
      }
      #expect(woken.values.sorted() == [0, 1, 2])
    }
  }
}

@Loop private func threadOfLoop() -> pthread_t { pthread_self() }

@Loop private func sleep(until deadline: Instant) async {
  try? await Loop.shared.eventLoop.sleep(until: deadline)
}

@Loop private func wait(for condition: Condition) async { try? await condition.wait() }

@Loop private func readableOrError(_ number: Int32, until deadline: Instant) async -> WaitError? {
  do throws(WaitError) {
    try await Loop.shared.eventLoop.waitUntilReadable(number, until: deadline)
    return nil
  } catch { return error }
}

/// 1 when the sleep was cancelled.
@Loop private func endOfLongSleep() async -> Int {
  do throws(WaitError) {
    try await Loop.shared.eventLoop.sleep(until: .now + .seconds(3600))
    return 0
  } catch { return error == .cancelled ? 1 : 2 }
}

@Loop private final class Recorder {
  private(set) var values: [Int] = []
  func add(_ value: Int) { values.append(value) }
}
