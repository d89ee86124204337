import Platform
import Synchronization

/// The isolation of everything mutable in the program: the one event loop.
@globalActor
package actor Loop {
  /// The loop of the process.
  package static let shared = Loop()

  /// The executor behind the actor.
  package nonisolated let eventLoop: EventLoop

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe eventLoop.asUnownedSerialExecutor()
  }

  private init() {
    do throws(SystemError) {
      eventLoop = try EventLoop.make()
    } catch {
      // Three descriptors before anything else is open: without them there is no program.
      CurrentProcess.fail("the event loop cannot be made: \(error)")
    }
  }

  /// Runs `body` as the root task of the program, and the loop on the calling thread until it ends.
  package static func run(_ body: @escaping @Loop @Sendable () async -> Int32) -> Int32 {
    let loop = shared.eventLoop
    let result = Mutex<Int32>(0)
    _ = Task(executorPreference: loop) {
      let code = await body()
      result.withLock { $0 = code }
      await stop()
    }
    loop.run()
    return result.withLock { $0 }
  }

  @Loop
  private static func stop() { shared.eventLoop.stop() }
}
