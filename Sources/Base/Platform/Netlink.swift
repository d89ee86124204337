internal import CLinux

/// Dumps of the kernel's tables, by rtnetlink(7).
///
/// **Failures**: `SystemError`, as where a sandbox allows no socket of AF_NETLINK. What is cut short or makes no
/// sense ends the reading.
enum Netlink {
  private static let pieceBytes = 32 << 10
  /// `struct nlmsghdr` of the kernel.
  private static let headBytes = 16

  /// Asks for a table and hands over what comes, piece by piece.
  ///
  /// It never waits for the network: what the kernel does not know at this moment is not known.
  ///
  /// - Parameters:
  ///   - type: what is asked for, as `RTM_GETNEIGH`.
  ///   - requestBytes: the length of the request's body, which is all zeros.
  ///   - limit: bytes that are read at most.
  ///   - take: reads a piece; says whether it was the last one.
  /// - Returns: whether the table was read to its end.
  static func dump(
    _ type: Int, requestBytes: Int, limit: Int, _ take: ([UInt8]) -> Bool
  ) throws(SystemError) -> Bool {
    let kind = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Descriptor(
      owning: try attempt("socket") { CLinux.socket(AF_NETLINK, kind, NETLINK_ROUTE) })
    _ = try socket.send(request(type, bytes: requestBytes))
    var count = 0
    while count < limit {
      let piece = try receive(from: socket)
      count += piece.count
      if take(piece) || piece.isEmpty { return true }
    }
    return false
  }

  /// The messages of one type in a piece of a dump, and whether nothing comes after them.
  static func bodies(
    of wanted: Int, in bytes: [UInt8]
  ) -> (bodies: [ArraySlice<UInt8>], isLast: Bool) {
    var bodies: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while let length = number(rest, at: 0, bytes: 4), let type = number(rest, at: 4, bytes: 2),
      length >= headBytes, length <= rest.count
    {
      let message = rest.prefix(length)
      rest = rest.dropFirst(aligned(length))
      if type == Int(NLMSG_DONE) || type == Int(NLMSG_ERROR) { return (bodies, true) }
      if type == wanted { bodies.append(message.dropFirst(headBytes)) }
    }
    return (bodies, false)
  }

  /// The attributes that a message ends with.
  static func attributes(_ bytes: ArraySlice<UInt8>) -> [(type: Int, value: ArraySlice<UInt8>)] {
    var attributes: [(type: Int, value: ArraySlice<UInt8>)] = []
    var rest = bytes
    while let length = number(rest, at: 0, bytes: 2), let type = number(rest, at: 2, bytes: 2),
      length >= 4, length <= rest.count
    {
      attributes.append((type, rest.prefix(length).dropFirst(4)))
      rest = rest.dropFirst(aligned(length))
    }
    return attributes
  }

  /// A number in the order of this processor, as the kernel writes it; nil behind the end.
  static func number(_ bytes: ArraySlice<UInt8>, at offset: Int, bytes count: Int) -> Int? {
    guard bytes.count >= offset + count else { return nil }
    let octets = bytes.dropFirst(offset).prefix(count)
    let ordered = 1.littleEndian == 1 ? Array(octets.reversed()) : Array(octets)
    return ordered.reduce(0) { $0 << 8 | Int($1) }
  }

  /// The length with the padding behind it.
  static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }

  private static func request(_ type: Int, bytes count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: headBytes + count)
    let flags = NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
    unsafe bytes.withUnsafeMutableBytes { raw in
      unsafe raw.storeBytes(of: UInt32(raw.count), as: UInt32.self)
      unsafe raw.storeBytes(of: UInt16(type), toByteOffset: 4, as: UInt16.self)
      unsafe raw.storeBytes(of: UInt16(flags), toByteOffset: 6, as: UInt16.self)
    }
    return bytes
  }

  private static func receive(from socket: borrowing Descriptor) throws(SystemError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 8)
    defer { unsafe buffer.deallocate() }
    let count = try unsafe socket.receive(into: buffer)
    return unsafe Array(buffer[..<count])
  }
}
