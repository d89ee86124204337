import Platform

/// A message of which the beginning has been read.
struct MessageReading: Sendable {
  /// The first bytes, with LF line ends as they are stored.
  let beginning: [UInt8]
  /// The file, when there may be more in it.
  let rest: OpenFile?
}

/// A file that stays open while its content is sent.
final class OpenFile: Sendable {
  private let file: Descriptor

  init(_ file: consuming Descriptor) { self.file = file }

  /// Reads the next chunk; blocks.
  func read(at offset: Int) throws(SystemError) -> [UInt8] {
    var chunk: [UInt8] = []
    try file.read(upTo: OpenMaildrop.chunkBytes, at: offset, appendingTo: &chunk)
    return chunk
  }
}
