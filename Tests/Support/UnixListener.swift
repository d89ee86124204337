import Foundation
package import Platform

/// A listening Unix socket in a directory of its own.
package final class UnixListener: Sendable {
  private let scratch: ScratchDirectory
  private let number: Int32

  /// Where it listens.
  package var path: String { "\(scratch.path)/socket" }

  package init() throws {
    scratch = try ScratchDirectory()
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    number = socket(AF_UNIX, type, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: "\(scratch.path)/socket".utf8)
    }
    let isListening = withUnsafeBytes(of: address) { raw in
      bind(
        number, raw.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(raw.count)) == 0
        && listen(number, 8) == 0
    }
    guard isListening else { throw SystemError(code: errno, call: "listen") }
  }

  deinit { close(number) }

  /// The next client; an error with `isWouldBlock` if there is none yet.
  package func accept() throws(SystemError) -> Descriptor {
    let client = Foundation.accept(number, nil, nil)
    if client < 0 { throw SystemError(code: errno, call: "accept") }
    _ = fcntl(client, F_SETFL, O_NONBLOCK)
    return Descriptor(owning: client)
  }
}
