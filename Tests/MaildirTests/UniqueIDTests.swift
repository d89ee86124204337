import Testing

@testable import Maildir

struct UniqueIDTests {
  @Test(arguments: ["a", "1763706000.k3v9q0.gatepost", "!~", String(repeating: "x", count: 70)])
  func `Seventy printable characters at most serve as they are`(unique: String) {
    let isValid = MaildirName(Array((unique + ",S=1").utf8).span).isUniqueID
    #expect(isValid)
  }

  @Test(arguments: ["", "a b", "a\u{7F}", "a\t", "é", String(repeating: "x", count: 71)])
  func `Anything else does not`(unique: String) {
    let isValid = MaildirName(Array((unique + ",S=1").utf8).span).isUniqueID
    #expect(!isValid)
  }

  @Test(
    arguments: [
      ("", "6c62272e07bb014262b821756295c58d"), ("a", "d228cb696f1a8caf78912b704e4a8964"),
      ("foobar", "343e1662793c64bf6f0d3597ba446f18"),
    ])
  func `The hash is FNV-1a, so it never changes from one version to the next`(
    text: String, hash: String
  ) {
    let made = UniqueID.hash(of: Array(text.utf8).span)
    #expect(String(decoding: made, as: UTF8.self) == hash)
  }
}
