import Mail
import Testing

@testable import Maildir

struct WireSizeTests {
  @Test(
    arguments: [
      "", "\n", "a", "a\n", "a\nb\n", "a\r\nb\n", "a\r\n", "a\r", "\r", "\r\r\n", "a\n\n\nb",
      "\0\n", "no dot\nat\nthe start",
    ], [1, 2, 100])
  func `The size is what the encoder writes, without the end of the content`(
    content: String, chunk: Int
  ) {
    let octets = Array(content.utf8)
    var size = WireSize()
    for start in stride(from: 0, to: octets.count, by: chunk) {
      size.add(octets.span.extracting(start..<min(start + chunk, octets.count)))
    }
    var encoder = WireEncoder()
    var wire: [UInt8] = []
    encoder.encode(octets.span, into: &wire)
    encoder.finish(into: &wire)
    #expect(size.bytes == wire.count - ".\r\n".utf8.count)
  }

  @Test func `A dot at the start of a line counts once`() {
    var size = WireSize()
    size.add(Array(".\n..\n".utf8).span)
    #expect(size.bytes == 7)
  }
}
