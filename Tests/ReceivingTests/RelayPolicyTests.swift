import Mail
import Testing

@testable import Receiving

@Suite struct RelayPolicyTests {
  private let policy: RelayPolicy

  init() throws {
    policy = RelayPolicy(domains: [try #require(Domain("home.example"))])
  }

  private func decide(
    _ path: String, _ client: RelayPolicy.Client = outside, maySend: Bool = true
  ) throws -> RelayPolicy.Decision {
    let path = try #require(ForwardPath(path))
    return policy.decide(path, client: client, maySend: { _ in maySend })
  }

  private static let outside = RelayPolicy.Client(isTrusted: false)
  private static let inside = RelayPolicy.Client(isTrusted: true)
  private static let user = RelayPolicy.Client(isTrusted: false, user: "alice")
  private static let granted = RelayPolicy.Client(isTrusted: false, grantUsers: ["alice"])

  @Test(
    "No form of an address makes a relay of us",
    arguments: [
      "<bob@example.org>", "<bob%home.example@example.org>", "<home.example!bob@example.org>",
      "<\"bob@home.example\"@example.org>", "<@home.example:bob@example.org>",
      "<bob@home.example.example.org>", "<bob@xhome.example>", "<bob@[127.0.0.1]>",
      "<bob@[192.168.1.5]>", "<bob@[IPv6:::1]>", "<\"\"@example.org>", "<bob@sub.home.example>",
      "<postmaster@example.org>", "<@a.example,@home.example:bob@example.org>",
      "<bob@localhost>", "<\"bob\\@home.example\"@example.org>",
    ])
  func openRelay(path: String) throws {
    #expect(try decide(path) == .denied)
  }

  @Test(
    "A local domain is local in any case of its letters, whatever the local part looks like",
    arguments: [
      "<bob@home.example>", "<Bob@HOME.Example>", "<bob%example.org@home.example>",
      "<example.org!bob@home.example>", "<\"bob@example.org\"@home.example>", "<postmaster>",
      "<@example.org:bob@home.example>",
    ])
  func local(path: String) throws {
    #expect(try decide(path) == .local([]))
    #expect(try decide(path, Self.user) == .local([.user("alice")]))
  }

  @Test("A trusted network, a user and a grant may relay, in that name")
  func authorizations() throws {
    let path = "<bob@example.org>"
    #expect(try decide(path, Self.inside) == .relay([.network]))
    #expect(try decide(path, Self.user) == .relay([.user("alice")]))
    #expect(try decide(path, Self.granted) == .relay([.grant("alice")]))
    // Whoever has said who it is counts as that, wherever it is.
    let all = RelayPolicy.Client(isTrusted: true, user: "alice", grantUsers: ["bob"])
    #expect(try decide(path, all) == .relay([.user("alice")]))
  }

  @Test("Whoever may not send as the sender is refused, not taken for someone else")
  func senders() throws {
    for path in ["<bob@example.org>", "<bob@home.example>"] {
      #expect(try decide(path, Self.user, maySend: false) == .wrongSender([.user("alice")]))
      #expect(try decide(path, Self.inside, maySend: false) == .wrongSender([.network]))
    }
    #expect(
      try decide("<bob@example.org>", Self.granted, maySend: false)
        == .wrongSender([.grant("alice")]))
  }

  @Test(
    "A grant that does not cover the sender leaves a stranger, who may write to a local mailbox")
  func strangerWithGrant() throws {
    #expect(try decide("<bob@home.example>", Self.granted, maySend: false) == .local([]))
  }

  @Test("Of several grants those count that cover the sender")
  func severalGrants() throws {
    struct Unreadable: Error {}
    let two = RelayPolicy.Client(isTrusted: false, grantUsers: ["alice", "bob"])
    for (path, expected) in [
      ("<bob@example.org>", RelayPolicy.Decision.relay([.grant("bob")])),
      ("<bob@home.example>", .local([.grant("bob")])),
    ] {
      let path = try #require(ForwardPath(path))
      #expect(policy.decide(path, client: two) { $0 == .grant("bob") } == expected)
      // What cannot be told of one takes nothing from the other.
      let decision = try policy.decide(path, client: two) { authorization throws(Unreadable) in
        if authorization == .grant("alice") { throw Unreadable() }
        return true
      }
      #expect(decision == expected)
    }
  }

  @Test("What cannot be found out about the sender is no verdict")
  func unknown() throws {
    struct Unreadable: Error {}
    let path = try #require(ForwardPath("<bob@example.org>"))
    #expect(throws: Unreadable.self) {
      try policy.decide(path, client: Self.user) { _ throws(Unreadable) in throw Unreadable() }
    }
  }
}
