import Testing

@testable import SASL

struct ClientExchangeTests {
  @Test(arguments: [Mechanism.plain, .login], [true, false])
  func `The client's side satisfies the server's side`(
    mechanism: Mechanism, speaksFirst: Bool
  ) throws {
    var client = ClientExchange(mechanism, user: "alice", password: Array("s3 cret".utf8))
    var server = ServerExchange(mechanism, isBindingOffered: true)
    var step = server.start(initialResponse: speaksFirst ? client.initialResponse() : nil)
    while case .challenge(let challenge) = step {
      guard case .respond(let response) = client.respond(to: challenge) else {
        Issue.record("no response")
        return
      }
      step = server.respond(response)
    }
    #expect(step == .verify(user: "alice", password: Array("s3 cret".utf8)))
    #expect(client.isPasswordShown)
    #expect(client.isServerProved)
    // Once, as if it had not heard the initial response.
    if mechanism == .plain, speaksFirst { _ = client.respond(to: []) }
    #expect(client.respond(to: []) == .refuse("it asks for too much"))
  }

  @Test func `PLAIN leaves the authorization identity empty`() {
    var client = ClientExchange(.plain, user: "alice", password: Array("secret".utf8))
    #expect(client.initialResponse() == Array("\0alice\0secret".utf8))
  }

  @Test func `LOGIN waits for the prompts, and shows the password at the second`() {
    var client = ClientExchange(.login, user: "alice", password: Array("secret".utf8))
    #expect(client.initialResponse() == nil)
    #expect(client.respond(to: [0xFF]) == .respond(Array("alice".utf8)))
    #expect(!client.isPasswordShown)
    #expect(client.respond(to: []) == .respond(Array("secret".utf8)))
    #expect(client.isPasswordShown)
  }

  @Test func `CRAM-MD5 is spoken as in the example of RFC 2195 §2`() {
    let challenge = Array("<1896.697170952@postoffice.reston.mci.net>".utf8)
    let password = Array("tanstaaftanstaaf".utf8)
    var client = ClientExchange(.cramMD5, user: "tim", password: password)
    #expect(client.initialResponse() == nil)
    #expect(
      client.respond(to: challenge)
        == .compute(.cramMD5(password: password, challenge: challenge)))
    let digest: [UInt8] = [
      0xB9, 0x13, 0xA6, 0x02, 0xC7, 0xED, 0xA7, 0xA4, 0x95, 0xB4, 0xE6, 0xE7, 0x33, 0x4D, 0x38,
      0x90,
    ]
    #expect(
      client.computed(digest) == .respond(Array("tim b913a602c7eda7a495b4e6e7334d3890".utf8)))
    #expect(client.respond(to: challenge) == .refuse("its challenge is not one of CRAM-MD5"))
  }

  @Test func `An empty challenge is not one of CRAM-MD5`() {
    var client = ClientExchange(.cramMD5, user: "tim", password: [0x61])
    #expect(client.respond(to: []) == .refuse("its challenge is not one of CRAM-MD5"))
    #expect(!client.isPasswordShown)
  }

  @Test(arguments: [true, false])
  func `A mechanism that binds is preferred under TLS, and none is used without`(isTLS: Bool) {
    let mechanisms = ClientExchange.mechanisms(isTLSActive: isTLS)
    #expect(mechanisms.contains(.scramSHA256Plus) == isTLS)
    #expect(mechanisms.first?.bindsChannel == isTLS)
    // The password itself leaves last without TLS.
    #expect((mechanisms.last == .login) == !isTLS)
  }
}
