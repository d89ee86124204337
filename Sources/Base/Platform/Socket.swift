internal import CLinux

/// A client that a listening socket has accepted.
@frozen
package struct AcceptedSocket: ~Copyable {
  /// The connection.
  package let descriptor: Descriptor
  /// The address of the client.
  package let peer: SocketAddress
}

extension Descriptor {
  /// A TCP socket bound to `address` and listening.
  ///
  /// An IPv6 socket takes IPv6 only, so that a list of addresses means what it says. The backlog is
  /// as long as the kernel allows: a short one makes a burst of clients wait for seconds.
  ///
  /// - Parameter mayBeMissing: whether no interface need have the address yet.
  package static func listening(
    on address: SocketAddress, mayBeMissing: Bool = false
  ) throws(SystemError) -> Descriptor {
    let descriptor = try streamSocket(for: address)
    let number = descriptor.number
    try descriptor.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
    if !address.host.isV4 { try descriptor.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
    if mayBeMissing {
      if address.host.isV4 {
        try descriptor.setOption(Int32(IPPROTO_IP), IP_FREEBIND, 1)
      } else {
        try descriptor.setOption(Int32(IPPROTO_IPV6), IPV6_FREEBIND, 1)
      }
    }
    _ = try attempt("bind") { unsafe address.withRaw { unsafe bind(number, $0, $1) } }
    _ = try attempt("listen") { listen(number, 4096) }
    return descriptor
  }

  /// Fails with `EINVAL` for a socket that does not listen for connections.
  package borrowing func checkListening() throws(SystemError) {
    let number = self.number
    var listens: Int32 = 0
    _ = try attempt("getsockopt") {
      var length = socklen_t(MemoryLayout<Int32>.size)
      return unsafe getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length)
    }
    if listens == 0 { throw SystemError(code: EINVAL, call: "listen") }
  }

  /// Ends the listening; whoever waits for a client is woken.
  package borrowing func stopListening() { _ = shutdown(number, Int32(SHUT_RD)) }

  /// Starts a connection to `address`; it stands when the socket becomes writable and
  /// `connectionError` is nil.
  package static func connecting(
    to address: SocketAddress, from source: IPAddress? = nil
  ) throws(SystemError) -> Descriptor {
    let descriptor = try streamSocket(for: address)
    let number = descriptor.number
    try descriptor.sendWithoutDelay()
    if let source {
      let local = SocketAddress(source, port: 0)
      _ = try attempt("bind") { unsafe local.withRaw { unsafe bind(number, $0, $1) } }
    }
    do throws(SystemError) {
      _ = try attempt("connect") { unsafe address.withRaw { unsafe connect(number, $0, $1) } }
    } catch let error where error.isWouldBlock {}
    return descriptor
  }

  /// The next waiting client of a listening socket, and its address.
  ///
  /// - Throws: an error with `isWouldBlock` when no client waits.
  package borrowing func accept() throws(SystemError) -> AcceptedSocket {
    let number = self.number
    var storage = sockaddr_storage()
    let client = Descriptor(
      owning: try attempt("accept4") {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
          unsafe accept4(
            number, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, &length,
            Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
        }
      })
    guard let address = SocketAddress(storage) else {
      throw SystemError(code: EAFNOSUPPORT, call: "accept4")
    }
    return AcceptedSocket(descriptor: client, peer: address)
  }

  /// The address this end of the socket is bound to.
  package borrowing func localAddress() throws(SystemError) -> SocketAddress {
    let number = self.number
    var storage = sockaddr_storage()
    _ = try attempt("getsockname") {
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
        unsafe getsockname(
          number, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, &length)
      }
    }
    guard let address = SocketAddress(storage) else {
      throw SystemError(code: EAFNOSUPPORT, call: "getsockname")
    }
    return address
  }

  /// How a connection that was being made has failed; nil if it stands.
  package borrowing func connectionError() throws(SystemError) -> SystemError? {
    let number = self.number
    var code: Int32 = 0
    _ = try attempt("getsockopt") {
      var length = socklen_t(MemoryLayout<Int32>.size)
      return unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length)
    }
    return code == 0 ? nil : SystemError(code: code, call: "connect")
  }

  /// Reads what has arrived, at most `buffer.count` bytes; 0 means the peer has finished.
  package borrowing func receive(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    let number = self.number
    return try attemptCounting("recvfrom") {
      unsafe recv(number, buffer.baseAddress, buffer.count, 0)
    }
  }

  /// Up to `count` bytes that have arrived, which stay there to be read; none if nothing has.
  package borrowing func peek(upTo count: Int) -> [UInt8] {
    let number = self.number
    return unsafe withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
      let flags = Int32(MSG_PEEK | MSG_DONTWAIT)
      let got = unsafe recv(number, buffer.baseAddress, count, flags)
      return got > 0 ? unsafe Array(buffer[..<got]) : []
    }
  }

  /// Whether the peer of an open socket has gone, or has finished sending and all of it has been read.
  ///
  /// - Parameter ignoringInput: whether what has not been read does not matter.
  package static func peerHasGone(_ number: Int32, ignoringInput: Bool) -> Bool {
    // The state of the connection is the first octet of what TCP_INFO tells.
    var state: UInt8 = 0
    var length = socklen_t(1)
    let isKnown = unsafe getsockopt(number, Int32(IPPROTO_TCP), TCP_INFO, &state, &length) == 0
    let (closed, closeWait): (UInt8, UInt8) = (7, 8)
    if isKnown, state == closed { return true }
    if isKnown, state != closeWait { return false }
    if isKnown, ignoringInput { return true }
    var byte: UInt8 = 0
    return unsafe recv(number, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
  }

  /// Hands the bytes from `start` on to the kernel and says how many it took; never raises SIGPIPE.
  package borrowing func send(_ bytes: [UInt8], from start: Int = 0) throws(SystemError) -> Int {
    let number = self.number
    return try attemptCounting("sendto") {
      unsafe bytes.withUnsafeBytes { buffer in
        unsafe CLinux.send(
          number, buffer.baseAddress.map { unsafe $0 + start }, buffer.count - start,
          Int32(MSG_NOSIGNAL))
      }
    }
  }

  /// How many of the bytes that were sent the peer's kernel has not confirmed; nil if that is not known.
  ///
  /// It can be asked after the connection has broken, too.
  package borrowing func unconfirmedBytes() -> Int? {
    let number = self.number
    var count: Int32 = 0
    return unsafe cl_unconfirmed(number, &count) == 0 ? Int(count) : nil
  }

  /// Tells the peer that nothing more will come.
  package borrowing func finishSending() {
    _ = shutdown(number, Int32(SHUT_WR))
  }

  /// Ends receiving, as if the peer had finished; wakes whoever waits for it.
  package borrowing func stopReceiving() {
    _ = shutdown(number, Int32(SHUT_RD))
  }

  /// Sends small writes at once: with Nagle's algorithm a reply waits for a delayed ACK, 40 ms.
  package borrowing func sendWithoutDelay() throws(SystemError) {
    try setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  /// Lets the kernel end a connection whose peer has said nothing, and answered none of three questions,
  /// for so long: a telephone that has left the house holds nothing up.
  // Limitation: while something is on its way to the peer, nothing is asked.
  package borrowing func giveUpSilentPeer(after time: Duration) throws(SystemError) {
    try setOption(Int32(IPPROTO_TCP), TCP_KEEPIDLE, Int32(time.wholeSeconds / 2))
    try setOption(Int32(IPPROTO_TCP), TCP_KEEPINTVL, Int32(time.wholeSeconds / 6))
    try setOption(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    try setOption(SOL_SOCKET, SO_KEEPALIVE, 1)
  }

  /// Lets the kernel end a connection whose peer confirms nothing for so long, as after a line has got
  /// another address: what waits for an answer there waits for ever.
  ///
  /// A peer that takes its time to answer is not meant, for its kernel confirms what it gets (RFC 5482 §1).
  // Limitation: one that reads nothing for so long is, for what it has no room for is not confirmed.
  package borrowing func giveUpLostPeer(after time: Duration) throws(SystemError) {
    try setOption(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(time.wholeSeconds * 1000))
    try giveUpSilentPeer(after: time)
  }

  private borrowing func setOption(
    _ level: Int32, _ name: Int32, _ value: Int32
  ) throws(SystemError) {
    let number = self.number
    _ = try attempt("setsockopt") {
      var value = value
      return unsafe setsockopt(number, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  private static func streamSocket(for address: SocketAddress) throws(SystemError) -> Descriptor {
    let family = address.host.isV4 ? AF_INET : AF_INET6
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    return Descriptor(owning: try attempt("socket") { socket(family, type, 0) })
  }
}
