import Glibc
import NIOCore
import NIOPosix

/// The line echo server as a SwiftNIO channel handler.
final class LineEcho: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// The start of a line whose end has not come; nothing while the client is idle.
  private var unfinished: ByteBuffer?

  private static let limit = 1000

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    if var start = unfinished {
      start.writeBuffer(&bytes)
      bytes = start
      unfinished = nil
    }
    guard let end = bytes.readableBytesView.lastIndex(of: UInt8(ascii: "\n")) else {
      if bytes.readableBytes > Self.limit { context.close(promise: nil) }
      unfinished = bytes
      return
    }
    if let lines = bytes.readSlice(length: end + 1 - bytes.readerIndex) {
      context.writeAndFlush(wrapOutboundOut(lines), promise: nil)
    }
    unfinished = bytes.readableBytes > 0 ? bytes : nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let server = try ServerBootstrap(group: group)
  .serverChannelOption(.backlog, value: 4096)
  .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
  .childChannelInitializer { channel in
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(LineEcho())
    }
  }
  .bind(host: "127.0.0.1", port: 0).wait()
print(server.localAddress?.port ?? 0)
fflush(nil)
try server.closeFuture.wait()
