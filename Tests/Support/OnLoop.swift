package import EventLoop
import Foundation

/// Runs `body` on the event loop, which gets a thread of its own at the first call.
///
/// Only a few bodies run at once. All tests start together, and they share the one thread: a time
/// limit that a test sets for its own part would else be spent on the work of hundreds of others. So
/// a body must not wait for a second one.
package func onLoop<Result: Sendable>(
  _ body: @escaping @Loop @Sendable () async throws -> Result
) async throws -> Result {
  _ = loopThread
  return try await Task(executorPreference: Loop.shared.eventLoop) {
    try await Seats.seated(body)
  }.value
}

/// Runs `body` on the event loop, which gets a thread of its own at the first call.
package func onLoop<Result: Sendable>(
  _ body: @escaping @Loop @Sendable () async -> Result
) async -> Result {
  _ = loopThread
  return await Task(executorPreference: Loop.shared.eventLoop) { await Seats.seated(body) }.value
}

/// The places for bodies that run at once; who finds none waits, first come first served.
@Loop private enum Seats {
  private static var free = 8
  private static var waiting: [CheckedContinuation<Void, Never>] = []

  static func seated<Result>(_ body: @Loop () async throws -> Result) async rethrows -> Result {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    defer { if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() } }
    return try await body()
  }
}

private let loopThread: Void = {
  // As in the program: OpenSSL writes with write(2), and a peer that has gone is no end of it all.
  signal(SIGPIPE, SIG_IGN)
  Thread.detachNewThread { Loop.shared.eventLoop.run() }
}()
