import Foundation
import Synchronization

/// TCP ports on which nobody listens, each given out once in this process.
///
/// They are taken from below the range out of which the kernel serves outgoing connections, so that
/// a server finds its port free again when it is started a second time.
package enum FreePorts {
  private static let next = Mutex(UInt16.random(in: 10_000..<25_000))

  /// A port that is free on all loopback addresses.
  package static func take() -> UInt16 {
    next.withLock { next in
      repeat { next = next == 32_000 ? 10_000 : next + 1 } while !isFree(next)
      return next
    }
  }

  private static func isFree(_ port: UInt16) -> Bool {
    [SOCK_STREAM, SOCK_DGRAM].allSatisfy { kind in
      let descriptor = socket(AF_INET, Int32(kind.rawValue), 0)
      defer { close(descriptor) }
      return LoopbackAddress("0.0.0.0", port: port).bind(descriptor)
    }
  }
}

/// An IPv4 address and port as the socket calls want it.
struct LoopbackAddress {
  private var raw = sockaddr_in()

  init(_ host: String, port: UInt16) {
    raw.sin_family = sa_family_t(AF_INET)
    raw.sin_port = port.bigEndian
    inet_pton(AF_INET, host, &raw.sin_addr)
  }

  func bind(_ descriptor: Int32) -> Bool {
    withRaw { Foundation.bind(descriptor, $0, $1) } == 0
  }

  func connect(_ descriptor: Int32) -> Bool {
    withRaw { Foundation.connect(descriptor, $0, $1) } == 0
  }

  private func withRaw<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: raw) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
