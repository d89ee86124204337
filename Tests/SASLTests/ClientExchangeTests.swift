import Testing

@testable import SASL

struct ClientExchangeTests {
  @Test(arguments: ClientExchange.mechanisms, [true, false])
  func `The client's side satisfies the server's side`(
    mechanism: Mechanism, speaksFirst: Bool
  ) throws {
    var client = ClientExchange(mechanism, user: "alice", password: Array("s3 cret".utf8))
    var server = ServerExchange(mechanism, isBindingOffered: true)
    var step = server.start(initialResponse: speaksFirst ? client.initialResponse() : nil)
    while case .challenge = step {
      let response = client.respond()
      step = server.respond(try #require(response))
    }
    #expect(step == .verify(user: "alice", password: Array("s3 cret".utf8)))
    #expect(client.respond() == nil)
  }

  @Test func `PLAIN leaves the authorization identity empty`() {
    var client = ClientExchange(.plain, user: "alice", password: Array("secret".utf8))
    #expect(client.initialResponse() == Array("\0alice\0secret".utf8))
  }

  @Test func `LOGIN waits for the prompts`() {
    var client = ClientExchange(.login, user: "alice", password: Array("secret".utf8))
    #expect(client.initialResponse() == nil)
    #expect(client.respond() == Array("alice".utf8))
  }
}
