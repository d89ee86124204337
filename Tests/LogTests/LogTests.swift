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

  @Test(
    "No value can turn the direction of writing round",
    arguments: ["\u{202E}", "\u{202A}", "\u{2066}", "\u{2069}", "\u{200F}", "\u{2029}"])
  func direction(mark: String) {
    let line = MailEvent.loginFailed(
      service: "smtp", client: "192.0.2.1", user: "a\(mark)b", reason: "r"
    ).line
    #expect(!line.unicodeScalars.contains { mark.unicodeScalars.contains($0) })
  }

  @Test("A value with spaces or quotes is quoted, so that keys cannot be forged")
  func quoting() {
    let line = MailEvent.setAside(file: "x", reason: "said \"no\" file=y").line
    #expect(line == "set-aside file=x reason=\"said 'no' file=y\"")
  }

  @Test(
    "A name is quoted always, and stays in its quotes",
    arguments: [
      ("anna", "anna"), ("", ""), ("x client=1.2.3.4", "x client=1.2.3.4"), ("a\"b", "a'b"),
    ])
  func names(name: String, shown: String) {
    let line = MailEvent.loginFailed(
      service: "smtp", client: "192.0.2.1", user: name, reason: "r"
    ).line
    #expect(line == "login-failed service=smtp client=192.0.2.1 user=\"\(shown)\" reason=r")
  }

  @Test("A value that looks like a pair is quoted")
  func pairs() {
    #expect(MailEvent.setAside(file: "a=b", reason: "r").line == "set-aside file=\"a=b\" reason=r")
  }

  @Test("A delivery tells how its session was secured")
  func security() {
    let security = MailEvent.Security(tls: "TLSv1.3", policy: "may")
    let event = MailEvent.delivered(
      id: "1", to: "a@b.example", hop: "mx [::1]", reply: "250", security)
    #expect(
      event.line
        == "delivered id=1 to=a@b.example hop=\"mx [::1]\" tls=TLSv1.3 policy=may reply=250")
  }

  @Test("A long value is cut")
  func length() {
    let line = MailEvent.setAside(file: String(repeating: "é", count: 5000), reason: "r").line
    #expect(line.utf8.count < 600)
  }
}
