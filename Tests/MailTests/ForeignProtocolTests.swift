import Testing

@testable import Mail

struct ForeignProtocolTests {
  @Test(arguments: [
    "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "PRI", "SSH-2.0-OpenSSH_9.2p1", "SSH-2.0",
  ])
  func `Who begins with such a word is no mail program`(word: String) {
    #expect(ForeignProtocol.begins(with: Array(word.utf8)[...]))
  }

  @Test(arguments: [
    "", "G", "get", "GETS", "TOP", "PASS", "HELP", "HELO", "SSH", "SSH-1.99", "XPOST",
  ])
  func `Any other word may be of one`(word: String) {
    #expect(!ForeignProtocol.begins(with: Array(word.utf8)[...]))
  }
}
