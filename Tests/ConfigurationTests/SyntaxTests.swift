import Mail
import Platform
import Testing

@testable import Configuration

@Suite struct `The values of settings` {
  private func text<Value>(_ syntax: Syntax<Value>, _ text: String) -> String {
    do throws(Rejection) {
      return "\(try syntax.parse(Substring(text)))"
    } catch {
      return "not: \(error.reason)"
    }
  }

  @Test(arguments: [
    ("90s", 90), ("15min", 900), ("15 min", 900), ("1m", 60), ("1h", 3600), ("5d", 432_000),
    ("2h 30min", 9000), ("2h30min", 9000), ("1d 1s", 86_401), ("0s", 0), ("1w", 604_800),
  ])
  func `hold times in units`(text: String, seconds: Int) {
    let syntax = Syntax.duration(.zero ... .seconds(10_000_000))
    #expect(self.text(syntax, text) == "\(Duration.seconds(seconds))")
  }

  @Test(arguments: ["", "min", "1", "1 2min", "-1s", "1.5h", "1y", "1min,", "9999999999s", "٣s"])
  func `hold no time that is not one`(text: String) {
    #expect(self.text(.duration(.zero ... .seconds(10_000_000)), text).hasPrefix("not: "))
  }

  @Test func `say which way a time is out of bounds`() {
    let syntax = Syntax.duration(.seconds(60) ... .seconds(86_400))
    #expect(text(syntax, "59s") == "not: \"59s\" is too short")
    #expect(text(syntax, "25h") == "not: \"25h\" is too long")
    #expect(text(syntax, "24h") == "\(Duration.seconds(86_400))")
    #expect(syntax.form == "a time such as 90s, 15min or 2h 30min, from 1min to 24h")
    #expect(text(syntax, "15") == "not: \"15\" has no unit; write 15s, 15min or 15h")
  }

  @Test(arguments: [
    ("50MB", "50MB"), ("1000", "1000"), ("2G", "2GB"), ("", "not: \"\" is not a size"),
    ("1.5M", "not: \"1.5M\" is not a size"), ("0", "not: \"0\" is too small"),
    ("3G", "not: \"3G\" is too large"),
  ])
  func `hold sizes`(text: String, expected: String) {
    #expect(self.text(.size(1...2 << 30), text) == expected)
  }

  @Test(arguments: [
    ("25", "25"), ("127.0.0.1:25", "127.0.0.1:25"), ("[::1]:25", "[::1]:25"),
    ("0", "not: \"0\" is not a port from 1 to 65535"),
    ("65536", "not: \"65536\" is not a port from 1 to 65535"),
    ("10.0.0.1", "not: \"10.0.0.1\" has no port; write 10.0.0.1:PORT"),
    ("::1", "not: \"::1\" has no port; write [::1]:PORT"),
    ("fe80::1:25:x", "not: \"fe80::1:25:x\": an IPv6 address stands in brackets before a port"),
    ("[::1]25", "not: \"[::1]25\" has no \":\" before the port"),
    ("[::1]", "not: \"[::1]\" has no port"),
    ("[::1", "not: \"[::1\" lacks the closing bracket"),
    ("[10.0.0.1]:25", "not: \"10.0.0.1\" is not an IPv6 address"),
    ("localhost:25", "not: \"localhost\" is not an IP address"),
    ("10.0.0.1:", "not: \"\" is not a port from 1 to 65535"),
  ])
  func `hold endpoints`(text: String, expected: String) {
    #expect(self.text(.endpoint, text) == expected)
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1:53"), ("127.0.0.1:5353", "127.0.0.1:5353"), ("::1", "[::1]:53"),
    ("[::1]:5353", "[::1]:5353"), ("[::1]", "[::1]:53"),
    ("dns.example", "not: \"dns.example\" is not an IP address"),
  ])
  func `hold name servers`(text: String, expected: String) {
    #expect(self.text(.server(defaultPort: 53), text) == expected)
  }

  @Test(arguments: [
    ("192.168.0.0/16", "192.168.0.0/16"), ("10.0.0.1", "10.0.0.1"), ("fd00::/8", "fd00::/8"),
    ("::1", "::1"), ("0.0.0.0/0", "0.0.0.0/0"),
    (
      "192.168.1.5/16",
      "not: \"192.168.1.5/16\" has bits set after the prefix; "
        + "write 192.168.1.5 for the host or 192.168.0.0/16 for the network"
    ),
    (
      "fd00::1/8",
      "not: \"fd00::1/8\" has bits set after the prefix; "
        + "write fd00::1 for the host or fd00::/8 for the network"
    ),
    ("10.0.0.0/33", "not: \"10.0.0.0/33\" has no prefix length from 0 to 32"),
    ("fd00::/129", "not: \"fd00::/129\" has no prefix length from 0 to 128"),
    ("10.0.0.0/255.0.0.0", "not: \"10.0.0.0/255.0.0.0\" has no prefix length from 0 to 32"),
    ("10.0.0.0/", "not: \"10.0.0.0/\" has no prefix length from 0 to 32"),
    ("10.0.0.0/-1", "not: \"10.0.0.0/-1\" has no prefix length from 0 to 32"),
    ("10.0.0/8", "not: \"10.0.0/8\" is not a network"),
    ("10", "not: \"10\" is not a network"),
    ("010.0.0.0/8", "not: \"010.0.0.0/8\" is not a network"),
    ("home.example", "not: \"home.example\" is not a network"),
  ])
  func `hold networks`(text: String, expected: String) {
    #expect(self.text(.network, text) == expected)
  }

  @Test(arguments: [
    ("smtp://mail.example", "smtp://mail.example:25"),
    ("smtps://mail.example", "smtps://mail.example:465"),
    ("SMTPS://Mail.Example/", "smtps://mail.example:465"),
    ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
    ("smtps://[2001:db8::1]:4465", "smtps://[2001:db8::1]:4465"),
    ("smtp://[::1]", "smtp://[::1]:25"),
    ("mail.example", "not: \"mail.example\" does not start with smtp:// or smtps://"),
    ("smtp://", "not: \"\" is not a domain name"),
    ("smtp://mail.example:0", "not: \"0\" is not a port from 1 to 65535"),
    ("smtp://mail.example:smtp", "not: \"smtp\" is not a port from 1 to 65535"),
    ("smtp://mail.example/x", "not: \"mail.example/x\" is not a domain name"),
    ("smtp://::1:25", "not: \"::1:25\": an IPv6 address stands in brackets before a port"),
  ])
  func `hold the URL of a smarthost`(text: String, expected: String) {
    #expect(self.text(.smarthost, text) == expected)
  }

  @Test func `never quote a password that was put into the URL`() {
    #expect(!text(.smarthost, "smtp://me:geheim@mail.example").contains("geheim"))
  }

  @Test(arguments: [
    ("yes", "true"), ("No", "false"), ("on", "true"), ("0", "false"),
    ("maybe", "not: \"maybe\" is neither yes nor no"),
  ])
  func `hold yes and no`(text: String, expected: String) {
    #expect(self.text(.boolean, text) == expected)
  }

  @Test(arguments: [
    ("a, b", "[1, 2]"), ("", "[]"), (" a ", "[1]"), ("A", "[1]"),
    ("a,,b", "not: the list has an empty element"), ("a,", "not: the list has an empty element"),
    ("a, alphabeta", "not: \"alphabeta\" is not known"),
  ])
  func `hold lists`(text: String, expected: String) {
    #expect(self.text(.list(of: .word(["a": 1, "b": 2])), text) == expected)
  }

  @Test func `hold bounded lists`() {
    let many = Array(repeating: "a", count: 257).joined(separator: ",")
    let syntax = Syntax.list(of: .word(["a": 1]))
    #expect(text(syntax, many) == "not: the list has more than 256 elements")
  }

  @Test(arguments: [
    ("/a b/c", "/a b/c"), ("", "not: the value is empty"),
    ("a/b", "not: \"a/b\" does not start with \"/\""),
    ("/a\u{7F}", "not: \"/a\\x7f\" is not a path"),
  ])
  func `hold absolute paths`(text: String, expected: String) {
    #expect(self.text(.path, text) == expected)
  }

  @Test func `ask for the ASCII form of a domain`() {
    #expect(
      text(.domain, "bücher.example").hasSuffix(
        "is not a domain name in ASCII; write its xn-- form"))
  }
}
