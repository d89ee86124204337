import SMTP
import Testing

@testable import Receiving

@Suite struct RefusalTests {
  @Test("A client for which there is no room hears a whole reply line")
  func wholeLine() {
    // Without the line end a client waits for the rest, and takes the close for a broken connection.
    #expect(Receiver.refusal.hasPrefix("421 4."))
    #expect(Receiver.refusal.utf8.suffix(2).elementsEqual("\r\n".utf8))
    #expect(Receiver.refusal.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
  }
}
