import Platform

/// The size that stored content will have on the wire, with CRLF line ends and an end to its last
/// line; the dots that stuffing adds do not count (RFC 1939 §11).
struct WireSize {
  private(set) var storedBytes = 0
  /// Line feeds that a CR must be put before.
  private var bareLineFeeds = 0
  private var previous: UInt8?

  mutating func add(_ content: Span<UInt8>) {
    for index in content.indices {
      let octet = content[index]
      if octet == lineFeed, previous != carriageReturn { bareLineFeeds += 1 }
      previous = octet
    }
    storedBytes += content.count
  }

  var bytes: Int {
    let missingEnd =
      switch previous {
      case nil, lineFeed: 0
      case carriageReturn: 1
      default: 2
      }
    return storedBytes + bareLineFeeds + missingEnd
  }

  /// Reads a whole file, piece by piece.
  static func measure(_ file: borrowing Descriptor) throws(SystemError) -> Int {
    var size = WireSize()
    var chunk: [UInt8] = []
    while try file.read(upTo: 32 << 10, at: size.storedBytes, appendingTo: &chunk) > 0 {
      size.add(chunk.span)
      chunk.removeAll(keepingCapacity: true)
    }
    return size.bytes
  }
}

private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
