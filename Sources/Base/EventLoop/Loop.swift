import Platform

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
      fatalError("cannot make the event loop: \(error)")
    }
  }

  /// Runs `body` as the root task of the program and the loop on the calling thread until it ends.
  package static func run(_ body: @escaping @Loop @Sendable () async -> Void) {
    let loop = shared.eventLoop
    _ = Task(executorPreference: loop) {
      await body()
      await stop()
    }
    loop.run()
  }

  @Loop
  private static func stop() { shared.eventLoop.stop() }
}
