import Foundation
import TLS

/// A TCP connection that waits in every call, plain at first.
///
/// It shares no code with the connections of the daemon, besides the calls to OpenSSL.
final class Stream {
  private let descriptor: Int32
  private var session: TLSSession?
  private var buffer: [UInt8] = []

  /// The other side said nothing for longer than a test may take.
  struct Silence: Error {}

  /// The longest wait for the other side.
  static let patience = 30

  init(owning descriptor: Int32) {
    self.descriptor = descriptor
    var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
    let length = socklen_t(MemoryLayout<timeval>.size)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, length)
    }
    // Each write is a segment, and is sent at once.
    var yes: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    // OpenSSL writes with write(2).
    signal(SIGPIPE, SIG_IGN)
  }

  /// Connects to a port of 127.0.0.1.
  ///
  /// - Parameter windowBytes: how much may arrive before it is read; nil for what the kernel likes.
  convenience init(port: UInt16, from source: String, windowBytes: Int32? = nil) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var bytes = windowBytes {
      let length = socklen_t(MemoryLayout<Int32>.size)
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, length)
    }
    guard LoopbackAddress(source, port: 0).bind(descriptor),
      LoopbackAddress("127.0.0.1", port: port).connect(descriptor)
    else {
      let reason = String(cString: strerror(errno))
      Foundation.close(descriptor)
      throw Overdue(description: "port \(port) from \(source): \(reason)")
    }
    self.init(owning: descriptor)
  }

  deinit { Foundation.close(descriptor) }

  var isEncrypted: Bool { session != nil }

  /// Sends all bytes; says whether the other side took them.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { piece -> Int in
        guard session != nil else {
          return Foundation.send(descriptor, piece.baseAddress, piece.count, 0)
        }
        if case .count(let count)? = session?.write(piece) { return count }
        return -1
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  /// Sends what the kernel takes without a wait; returns how many bytes that were.
  func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
    max(0, Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT)))
  }

  /// The next line without its line end; nil at the end of the connection.
  func line() throws -> [UInt8]? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffer[..<end]
        buffer.removeFirst(end + 1)
        return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      }
      var piece = [UInt8](repeating: 0, count: 16 << 10)
      let count = try piece.withUnsafeMutableBytes { try read(into: $0) }
      if count == 0 { return nil }
      buffer += piece[..<count]
    }
  }

  private func read(into space: UnsafeMutableRawBufferPointer) throws -> Int {
    if session == nil {
      let count = recv(descriptor, space.baseAddress, space.count, 0)
      if count < 0 && errno == EAGAIN { throw Silence() }
      return max(count, 0)
    }
    switch session?.read(into: space) {
    case .count(let count)?: return count
    case .wantRead?: throw Silence()
    default: return 0
    }
  }

  func startTLS(as serverName: String) throws {
    try handshake(
      TLSSession.connecting(
        on: descriptor, context: .client(trust: .anyone), serverName: serverName))
  }

  func acceptTLS(certificate: String, key: String) throws {
    try handshake(
      TLSSession.accepting(
        on: descriptor, context: .server([CertificateFiles(certificate: certificate, key: key)])))
  }

  func channelBinding(named name: String) -> [UInt8]? {
    guard let kind = ChannelBinding(rawValue: name) else { return nil }
    return session?.channelBinding(kind)
  }

  private func handshake(_ session: consuming TLSSession) throws {
    let step = session.handshake()
    guard step == .done else { throw Overdue(description: "the TLS handshake: \(step)") }
    self.session = consume session
  }

  /// Ends the connection in both directions at once.
  func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
