import Foundation
package import Platform

/// Two connected stream sockets that do not block.
package struct SocketPair: ~Copyable {
  package let left: Descriptor
  package let right: Descriptor

  package init() throws(SystemError) {
    var numbers: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &numbers) == 0 else {
      throw SystemError(code: errno, call: "socketpair")
    }
    left = Descriptor(owning: numbers[0])
    right = Descriptor(owning: numbers[1])
  }
}
