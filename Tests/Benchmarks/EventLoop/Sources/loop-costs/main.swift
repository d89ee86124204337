import CLinux
import EventLoop
import Platform

/// What the parts of the event loop cost: nanoseconds a step, heap bytes an idle task.
@Loop
func measure() async {
  let steps = 200_000
  await report("ready continuation", "ns", steps) {
    for _ in 0..<steps {
      await unsafe withUnsafeContinuation { unsafe $0.resume() }
    }
  }
  await report("yield, back on the loop", "ns", steps) {
    for _ in 0..<steps { await Task.yield() }
  }
  await report("task in a group, begun and ended", "ns", steps) {
    await withDiscardingTaskGroup { group in
      for index in 0..<steps {
        group.addTask {}
        if index % 100 == 0 { await Task.yield() }
      }
    }
  }
  await report("wait with a deadline, woken by a peer", "ns", steps) {
    let turns = Turns()
    async let other: Void = turns.take(steps / 2, as: 0)
    await turns.take(steps / 2, as: 1)
    await other
  }
  let pool = WorkerPool(threads: 1)
  await pool.run {}
  await report("work on a worker and back", "ns", steps / 20) {
    for _ in 0..<steps / 20 { await pool.run {} }
  }
  await idleTasks(10_000)
}

/// Two tasks that wake each other.
@Loop
final class Turns {
  private let mayGo = [Condition(), Condition()]
  private var turn = 0

  func take(_ count: Int, as player: Int) async {
    for _ in 0..<count {
      while turn != player {
        do { try await mayGo[player].wait(until: .now + .seconds(60)) } catch { return }
      }
      turn = 1 - player
      mayGo[turn].signal()
    }
  }
}

@Loop
func report(_ name: String, _ unit: String, _ steps: Int, _ body: @Loop () async -> Void) async {
  let start = Instant.now
  await body()
  print("\(name)\t\(unit)\t\((Instant.now - start).nanoseconds / Int64(steps))")
}

/// Tasks in a group that each wait with a deadline, as a session waits for its client.
@Loop
func idleTasks(_ count: Int) async {
  let before = heapBytes
  await withDiscardingTaskGroup { group in
    for _ in 0..<count { group.addTask { await idle() } }
    await Task.yield()
    await Task.yield()
    print("idle task and its wait\tbytes\t\((heapBytes - before) / count)")
    group.cancelAll()
  }
}

@Loop
func idle() async {
  do { try await Loop.shared.eventLoop.sleep(until: .now + .seconds(3600)) } catch {
    // Cancelled when the figure has been taken.
  }
}

nonisolated var heapBytes: Int { Int(mallinfo2().uordblks) }

mallopt(M_ARENA_MAX, 1)
mallopt(M_MMAP_THRESHOLD, 1 << 30)
exit(
  Loop.run {
    await measure()
    return 0
  })
