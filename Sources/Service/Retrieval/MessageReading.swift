import Platform

/// A message of which the beginning has been read.
struct MessageReading: Sendable {
  /// The first bytes, with LF line ends as they are stored.
  let beginning: [UInt8]
  /// The file, when there may be more in it.
  let rest: OpenFile?
}

/// A part of a file.
struct Chunk: Sendable {
  let bytes: [UInt8]
  /// Whether the end of the file has been seen.
  let isLast: Bool
}

/// A file that stays open while its content is sent, and is read from its beginning to its end.
final class OpenFile: Sendable {
  private let file: Descriptor

  init(_ file: consuming Descriptor) { self.file = file }

  /// Reads as many bytes as there are, `limit` at most; blocks.
  func read(limit: Int) throws(SystemError) -> Chunk {
    var failure: SystemError?
    var isLast = false
    // Into memory that is not cleared before: for large messages that is a tenth of the work.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      do throws(SystemError) {
        while count < limit && !isLast {
          let room = unsafe UnsafeMutableBufferPointer(rebasing: buffer[count..<limit])
          let readBytes = try unsafe file.read(into: UnsafeMutableRawBufferPointer(room))
          count += readBytes
          isLast = readBytes == 0
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return Chunk(bytes: bytes, isLast: isLast)
  }
}
