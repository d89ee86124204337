package import EventLoop
import Foundation

/// Runs `body` on the event loop, which gets a thread of its own at the first call.
package func onLoop<Result: Sendable>(
  _ body: @escaping @Loop @Sendable () async throws -> Result
) async throws -> Result {
  _ = loopThread
  return try await Task(executorPreference: Loop.shared.eventLoop) { try await body() }.value
}

/// Runs `body` on the event loop, which gets a thread of its own at the first call.
package func onLoop<Result: Sendable>(
  _ body: @escaping @Loop @Sendable () async -> Result
) async -> Result {
  _ = loopThread
  return await Task(executorPreference: Loop.shared.eventLoop) { await body() }.value
}

private let loopThread: Void = {
  // As in the program: OpenSSL writes with write(2), and a peer that has gone is no end of it all.
  signal(SIGPIPE, SIG_IGN)
  Thread.detachNewThread { Loop.shared.eventLoop.run() }
}()
