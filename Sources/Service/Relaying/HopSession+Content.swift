import EventLoop
import Mail
import Network
import Platform
import Spool

/// The content of a message on its way to a next server.
extension HopSession {
  /// Streams the content in its wire form, up to and including its end.
  ///
  /// When the file cannot be read to its end, or has another size than it had, the last piece is not sent
  /// and the connection is given up: half a message is none.
  ///
  /// - Parameters:
  ///   - command: that of a chunk, which tells the size; nil where a final dot ends the content.
  ///   - wireBytes: the size that it tells.
  func stream(
    _ content: OpenMessage, after command: [UInt8]?, wireBytes: Int
  ) async throws(ConnectionError) {
    if let command { try await connection.write(command, until: pieceEnd) }
    var encoder = WireEncoder(endsWithDot: command == nil)
    var unsent = wireBytes
    var offset = 0
    var isLast = false
    while !isLast {
      var piece = offset == 0 ? content.beginning : try await read(content, at: offset)
      offset += piece.count
      isLast = offset == content.contentBytes
      if !isLast && piece.isEmpty { throw .system(.fileTooShort) }
      if replacement != nil { piece = replaced(piece, isLast: isLast) }
      if folding != nil { piece = folded(piece) }
      var wire: [UInt8] = []
      encoder.encode(piece.span, into: &wire)
      if isLast { encoder.finish(into: &wire) }
      unsent -= wire.count
      if command != nil, isLast ? unsent != 0 : unsent <= 0 { throw .system(.fileTooShort) }
      try await connection.write(wire, until: pieceEnd)
    }
  }

  private func replaced(_ piece: [UInt8], isLast: Bool) -> [UInt8] {
    var output: [UInt8] = []
    replacement?.process(piece.span, into: &output)
    if isLast { replacement?.finish(into: &output) }
    return output
  }

  private func folded(_ piece: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    folding?.process(piece.span, into: &output)
    return output
  }

  private var pieceEnd: Instant { min(.now + patience.contentPiece, attemptEnd) }

  private func read(
    _ content: OpenMessage, at offset: Int
  ) async throws(ConnectionError) -> [UInt8] {
    do throws(SystemError) {
      return try await disk.run { () throws(SystemError) in
        try content.read(upTo: Limits.pieceBytes, at: offset)
      }
    } catch {
      throw .system(error)
    }
  }
}
