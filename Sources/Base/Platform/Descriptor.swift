internal import CLinux

/// An open file descriptor, closed when the value ends: it cannot leak and cannot be closed twice.
package struct Descriptor: ~Copyable, Sendable {
  /// The number of the descriptor, valid while this value lives.
  package let number: Int32

  /// Takes over a descriptor that nothing else will close.
  package init(owning number: Int32) {
    precondition(number >= 0, "a descriptor is not negative")
    self.number = number
  }

  deinit { _ = close(number) }

  /// Closes the descriptor and reports what the kernel says, which the end of the value cannot.
  ///
  /// On a network file system this is where a failed write may first be seen.
  package consuming func closeReporting() throws(SystemError) {
    let number = self.number
    discard self
    _ = try attempt("close") { close(number) }
  }

  /// Another descriptor for the same open file.
  package borrowing func duplicate() throws(SystemError) -> Descriptor {
    let number = self.number
    return Descriptor(owning: try attempt("fcntl") { cl_fcntl(number, F_DUPFD_CLOEXEC, 3) })
  }
}

extension Descriptor {
  /// Reads at most `buffer.count` bytes at the descriptor's position; 0 means the end.
  package borrowing func read(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    let number = self.number
    return try attemptCounting("read") {
      unsafe CLinux.read(number, buffer.baseAddress, buffer.count)
    }
  }

  /// Reads at most `count` bytes at `offset` and appends them to `bytes`; 0 read means the end.
  @discardableResult
  package borrowing func read(
    upTo count: Int, at offset: Int, appendingTo bytes: inout [UInt8]
  ) throws(SystemError) -> Int {
    let number = self.number
    // Into a buffer of its own, because room in an array would have to be cleared first.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { unsafe buffer.deallocate() }
    let got = try attemptCounting("pread64") {
      unsafe pread(number, buffer.baseAddress, count, offset)
    }
    unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<got]))
    return got
  }

  /// Writes all of `bytes` at the descriptor's position.
  package borrowing func writeAll(_ bytes: [UInt8]) throws(SystemError) {
    let number = self.number
    var written = 0
    while written < bytes.count {
      let start = written
      written += try attemptCounting("write") {
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe CLinux.write(
            number, buffer.baseAddress.map { unsafe $0 + start }, buffer.count - start)
        }
      }
    }
  }

  /// Overwrites one byte at `offset`, in place.
  package borrowing func write(_ byte: UInt8, at offset: Int) throws(SystemError) {
    try write([byte], at: offset)
  }

  /// Overwrites bytes at `offset`, in place; a part of them only where the disk is full.
  package borrowing func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
    let number = self.number
    _ = try attemptCounting("pwrite64") {
      unsafe bytes.withUnsafeBytes { unsafe pwrite(number, $0.baseAddress, $0.count, offset) }
    }
  }
}
