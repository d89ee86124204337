import Glibc
import NIOCore
import NIOPosix

/// The line echo server over `NIOAsyncChannel`: a task for each session.
func serve() async throws {
  let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .bind(host: "127.0.0.1", port: 0) { channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
  print(server.channel.localAddress?.port ?? 0)
  fflush(nil)
  try await withThrowingDiscardingTaskGroup { sessions in
    try await server.executeThenClose { clients in
      for try await client in clients {
        sessions.addTask { await echo(client) }
      }
    }
  }
}

func echo(_ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
  do {
    try await client.executeThenClose { inbound, outbound in
      var unfinished: ByteBuffer?
      for try await received in inbound {
        var bytes = received
        if var start = unfinished {
          start.writeBuffer(&bytes)
          bytes = start
        }
        unfinished = bytes
        guard let end = bytes.readableBytesView.lastIndex(of: UInt8(ascii: "\n")) else {
          if bytes.readableBytes > 1000 { return }
          continue
        }
        if let lines = bytes.readSlice(length: end + 1 - bytes.readerIndex) {
          try await outbound.write(lines)
        }
        unfinished = bytes.readableBytes > 0 ? bytes : nil
      }
    }
  } catch {
    // The client has gone.
  }
}

try await serve()
