import Testing

@testable import Mail

@Suite("Authentication results")
struct AuthenticationResultsTests {
  static func field(_ results: [AuthenticationResults.Result]) throws -> String {
    let server = try #require(Domain("gw.home.example"))
    return AuthenticationResults(server: server, results: results).text
  }

  @Test("The field lists the results, each with what it is about")
  func writes() throws {
    #expect(try Self.field([]) == "Authentication-Results: gw.home.example; none\n")
    let text = try Self.field([
      .init(
        .spf, .pass,
        properties: [.init("smtp.mailfrom", "bob@b.example"), .init("smtp.helo", "mx")]),
      .init(.auth, .fail, reason: "no such \"user\""),
      .init(.iprev, .temperror, properties: [.init("policy.iprev", "2001:db8::1")]),
    ])
    let expected = """
      Authentication-Results: gw.home.example;
      \tspf=pass smtp.mailfrom=bob@b.example smtp.helo=mx;
      \tauth=fail reason="no such \\"user\\"";
      \tiprev=temperror policy.iprev="2001:db8::1"

      """
    #expect(text == expected)
  }

  @Test(
    "A value is a token, an address or in quotes, and cannot leave its place",
    arguments: [
      ("b.example", "b.example"), ("192.0.2.1", "192.0.2.1"), ("@B.Example", "@b.example"),
      ("\"a b\"@b.c", "\"a b\"@b.c"), ("", "\"\""), ("a b", "\"a b\""),
      ("a;dkim=pass", "\"a;dkim=pass\""),
      ("a\nX: y", "\"a\\\\x0aX: y\""), ("a\"", "\"a\\\"\""), ("a\\", "\"a\\\\\""), ("(", "\"(\""),
      ("<>", "\"<>\""), ("a@", "\"a@\""), ("\u{E9}@b.c", "\"\\\\xc3\\\\xa9@b.c\""),
    ])
  func values(value: String, written: String) throws {
    let text = try Self.field([.init(.spf, .none, properties: [.init("smtp.mailfrom", value)])])
    #expect(
      text == "Authentication-Results: gw.home.example;\n\tspf=none smtp.mailfrom=\(written)\n")
  }

  @Test("Long values are cut, and folded between")
  func longValues() throws {
    let long = String(repeating: "a;", count: 1000)
    let text = try Self.field([
      .init(.spf, .none, reason: long, properties: [.init("smtp.helo", long)])
    ])
    #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count < 998 })
    #expect(text.split(separator: "\n").count == 4)
  }

  @Test("Its own field is recognized as this server's")
  func readsItself() throws {
    let text = try Self.field([])
    #expect(
      AuthenticationResults.server(in: ArraySlice(text.utf8.drop { $0 != .colon }.dropFirst()))
        == "gw.home.example")
  }
}
