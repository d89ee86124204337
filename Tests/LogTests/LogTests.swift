import Testing

@testable import Log

@Suite struct LogTests {
  @Test(
    "No value can begin a new line or move the cursor",
    arguments: ["a\r\nb", "a\nfailed id=1", "\u{1B}[2J", "a\0b", "\u{7F}", "\u{85}x", "\u{2028}y"])
  func injection(value: String) {
    let line = MailEvent.failed(id: value, to: value, hop: value, reason: value).line
    #expect(
      line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) })
    #expect(!line.unicodeScalars.contains("\u{2028}"))
  }

  @Test("A value with spaces or quotes is quoted, so that keys cannot be forged")
  func quoting() {
    let line = MailEvent.setAside(file: "x", reason: "said \"no\" file=y").line
    #expect(line == "set-aside file=x reason=\"said 'no' file=y\"")
  }

  @Test("A long value is cut")
  func length() {
    let line = MailEvent.setAside(file: String(repeating: "é", count: 5000), reason: "r").line
    #expect(line.utf8.count < 600)
  }
}
