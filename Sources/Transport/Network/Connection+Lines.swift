import EventLoop
import TLS

/// How lines are found in what has arrived.
extension Connection {
  /// What is known of a line that has not ended yet.
  struct LineSearch {
    let limit: Int
    /// How many bytes of the input hold no line end.
    var searched = 0
    /// How many bytes of the line were thrown away.
    var skipped = 0
  }

  /// What the input has of a line.
  enum Found {
    case line([UInt8])
    case tooLong
    case incomplete
  }

  /// Takes a line out of the input if it is whole; apart from the wait, whose frame idle sessions keep.
  @inline(never)
  func take(_ search: inout LineSearch) throws(ConnectionError) -> Found {
    if search.skipped == 0 && session == nil && isHandshake { throw .tlsOnPlainPort }
    if let end = input[(consumed + search.searched)...].firstIndex(of: UInt8(ascii: "\n")) {
      let hasCR = end > consumed && input[end - 1] == UInt8(ascii: "\r")
      let line = input[consumed..<(hasCR ? end - 1 : end)]
      let isTooLong = search.skipped > 0 || line.count > search.limit
      let result = isTooLong ? Found.tooLong : .line(Array(line))
      consume(end + 1 - consumed)
      return result
    }
    search.searched = input.count - consumed
    if search.searched > search.limit + 2 {
      search.skipped += search.searched
      consume(search.searched)
      search.searched = 0
      if search.skipped > Self.skippedBytes { throw .endlessLine }
    }
    return .incomplete
  }

  /// Whether the input begins as a TLS handshake does: the type of its record, and the first half of
  /// the version (RFC 8446 §5.1).
  var isHandshake: Bool {
    input.count - consumed >= 2 && input[consumed] == 0x16 && input[consumed + 1] == 0x03
  }
}
