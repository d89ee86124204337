import EventLoop
import Glibc
import Platform

/// Accepts clients and runs a task for each, as the services of Gatepost do.
@Loop
func serve() async throws {
  let loop = Loop.shared.eventLoop
  let listener = try Descriptor.listening(on: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0))
  print(try listener.localAddress().port)
  fflush(nil)
  try loop.register(listener)
  try await withThrowingDiscardingTaskGroup { sessions in
    while true {
      do throws(SystemError) {
        let client = try listener.accept()
        try loop.register(client.descriptor)
        let session = Session(client)
        sessions.addTask { await session.run() }
      } catch {
        guard error.isWouldBlock else { throw error }
        try await loop.waitUntilReadable(listener.number, until: .distantFuture)
      }
    }
  }
}

exit(
  Loop.run {
    do {
      try await serve()
      return 0
    } catch {
      print("failed: \(error)")
      return 1
    }
  })
