import Testing

@testable import SASL

struct ServerExchangeTests {
  static let alice = ServerExchange.Step.verify(user: "alice", password: Array("secret".utf8))

  static func plain(_ message: String) -> ServerExchange.Step {
    var exchange = ServerExchange(.plain, isBindingOffered: false)
    return exchange.start(initialResponse: Array(message.utf8))
  }

  @Test(arguments: ["\0alice\0secret", "alice\0alice\0secret"])
  func `PLAIN takes an authorization identity that is empty or the user's own`(message: String) {
    #expect(Self.plain(message) == Self.alice)
  }

  @Test(arguments: ["bob\0alice\0secret", "Alice\0alice\0secret", "alic\0alice\0secret"])
  func `PLAIN refuses to act as somebody else`(message: String) {
    #expect(Self.plain(message) == .invalid(.authorizationIdentity))
  }

  @Test(
    arguments: [
      "", "alice", "alice\0secret", "\0alice\0", "\0\0secret", "\0\0", "\0alice\0sec\0ret",
      "\0alice\0secret\0", "\0al\nice\0secret", "\0al\u{7F}ice\0secret",
    ])
  func `PLAIN refuses a message of another form`(message: String) {
    #expect(Self.plain(message) == .invalid(.message))
  }

  @Test func `PLAIN without an initial response gets an empty challenge`() {
    var exchange = ServerExchange(.plain, isBindingOffered: false)
    #expect(exchange.start(initialResponse: nil) == .challenge([]))
    #expect(exchange.respond(Array("\0alice\0secret".utf8)) == Self.alice)
  }

  @Test func `LOGIN prompts for the user name and then for the password`() {
    var exchange = ServerExchange(.login, isBindingOffered: false)
    #expect(exchange.start(initialResponse: nil) == .challenge(Array("Username:".utf8)))
    #expect(exchange.respond(Array("alice".utf8)) == .challenge(Array("Password:".utf8)))
    #expect(exchange.respond(Array("secret".utf8)) == Self.alice)
  }

  @Test func `LOGIN takes the user name as an initial response`() {
    var exchange = ServerExchange(.login, isBindingOffered: false)
    #expect(
      exchange.start(initialResponse: Array("alice".utf8)) == .challenge(Array("Password:".utf8)))
    #expect(exchange.respond(Array("secret".utf8)) == Self.alice)
  }

  @Test(arguments: [[], [0x61, 0x00, 0x62], [0xFF], Array(repeating: 0x61, count: 256)])
  func `A user name that is empty, not text or too long is refused`(name: [UInt8]) {
    var exchange = ServerExchange(.login, isBindingOffered: false)
    _ = exchange.start(initialResponse: nil)
    #expect(exchange.respond(name) == .invalid(.message))
  }

  @Test(arguments: [[], [0x61, 0x00], Array(repeating: 0x61, count: 256)])
  func `A password that is empty, has a NUL or is too long is refused`(password: [UInt8]) {
    var exchange = ServerExchange(.login, isBindingOffered: false)
    _ = exchange.start(initialResponse: Array("alice".utf8))
    #expect(exchange.respond(password) == .invalid(.message))
  }

  @Test func `The longest names and passwords of RFC 4616 §2 are taken`() {
    let name = String(repeating: "n", count: 255)
    let password = String(repeating: "p", count: 255)
    let text = Base64.encode(Array("\(name)\0\(name)\0\(password)".utf8))
    var exchange = ServerExchange(.plain, isBindingOffered: false)
    #expect(
      exchange.start(encodedInitialResponse: text[...])
        == .verify(user: name, password: Array(password.utf8)))
  }

  @Test func `A password may be any octets but NUL`() {
    var exchange = ServerExchange(.plain, isBindingOffered: false)
    let password: [UInt8] = [0xFF, 0x0A, 0x20]
    #expect(
      exchange.start(initialResponse: Array("\0alice\0".utf8) + password)
        == .verify(user: "alice", password: password))
  }

  @Test func `Encoded lines drive the exchange, and a lone equals sign is an empty response`() {
    var login = ServerExchange(.login, isBindingOffered: false)
    #expect(
      login.start(encodedInitialResponse: Array("YWxpY2U=".utf8)[...])
        == .challenge(Array("Password:".utf8)))
    #expect(login.respond(encoded: Array("c2VjcmV0".utf8)[...]) == Self.alice)
    var plain = ServerExchange(.plain, isBindingOffered: false)
    #expect(plain.start(encodedInitialResponse: Array("=".utf8)[...]) == .invalid(.message))
    var silent = ServerExchange(.plain, isBindingOffered: false)
    #expect(silent.start(encodedInitialResponse: nil) == .challenge([]))
    #expect(silent.respond(encoded: Array("c2VjcmV".utf8)[...]) == .invalid(.encoding))
    var loud = ServerExchange(.plain, isBindingOffered: false)
    #expect(loud.start(encodedInitialResponse: Array("*".utf8)[...]) == .invalid(.encoding))
  }

  @Test func `An exchange takes little room in a session that has none`() {
    #expect(MemoryLayout<ServerExchange?>.size <= 16)
  }
}
