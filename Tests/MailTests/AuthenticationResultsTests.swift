import Testing

@testable import Mail

@Suite("Authentication results")
struct AuthenticationResultsTests {
  private let server = Domain("gw.home.example")

  @Test("The field has the server, and the result on a line of its own")
  func writes() throws {
    let server = try #require(server)
    let text = AuthenticationResults.field(
      of: server, result: "spf=pass smtp.mailfrom=b.example")
    #expect(
      text == "Authentication-Results: gw.home.example;\n\tspf=pass smtp.mailfrom=b.example\n")
  }

  @Test("A long result is folded between its words")
  func folds() throws {
    let server = try #require(server)
    let domain = String(repeating: "a.", count: 35) + "example"
    let text = AuthenticationResults.field(of: server, result: "spf=none smtp.helo=\(domain)")
    #expect(text.split(separator: "\n").count == 3)
    #expect(text.split(separator: "\n").dropFirst().allSatisfy { $0.hasPrefix("\t") })
  }

  @Test("Its own field is recognized as this server's")
  func readsItself() throws {
    let text = AuthenticationResults.field(of: try #require(server), result: "spf=none")
    #expect(
      AuthenticationResults.server(in: ArraySlice(text.utf8.drop { $0 != .colon }.dropFirst()))
        == "gw.home.example")
  }
}
