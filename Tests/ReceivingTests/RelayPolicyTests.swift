import Mail
import Platform
import Testing

@testable import Receiving

@Suite struct RelayPolicyTests {
  private let policy: RelayPolicy
  private let outside = IPAddress(v4: 0xC633_6401)
  private let inside = IPAddress(v4: 0xC0A8_0105)

  init() throws {
    policy = RelayPolicy(
      domains: [try #require(Domain("home.example"))],
      trustedNetworks: [
        try #require(IPNetwork(IPAddress(v4: 0xC0A8_0000), prefix: 16))
      ])
  }

  private func decide(
    _ path: String, client: IPAddress, user: String? = nil, grantUser: String? = nil,
    maySend: Bool = true
  ) throws -> RelayPolicy.Decision {
    let path = try #require(ForwardPath(path))
    return policy.decide(
      path, client: client, user: user, grantUser: grantUser, maySend: { _ in maySend })
  }

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
    #expect(try decide(path, client: outside) == .denied)
  }

  @Test(
    "A local domain is local in any case of its letters, whatever the local part looks like",
    arguments: [
      ("<bob@home.example>", "bob"), ("<Bob@HOME.Example>", "Bob"),
      ("<bob%example.org@home.example>", "bob%example.org"),
      ("<example.org!bob@home.example>", "example.org!bob"),
      ("<\"bob@example.org\"@home.example>", "bob@example.org"), ("<postmaster>", "postmaster"),
      ("<@example.org:bob@home.example>", "bob"),
    ])
  func local(path: String, localPart: String) throws {
    #expect(try decide(path, client: outside) == .local(localPart: localPart))
  }

  @Test("A trusted network, a user and a grant may relay, in that name")
  func authorizations() throws {
    let path = "<bob@example.org>"
    #expect(try decide(path, client: inside) == .relay(.network))
    #expect(try decide(path, client: outside, user: "alice") == .relay(.user("alice")))
    #expect(try decide(path, client: outside, grantUser: "alice") == .relay(.grant("alice")))
    // Whoever has said who it is counts as that, wherever it is.
    #expect(
      try decide(path, client: inside, user: "alice", grantUser: "bob") == .relay(.user("alice")))
  }

  @Test("A user or a grant that may not send as the sender is refused, not taken for someone else")
  func senders() throws {
    let path = "<bob@example.org>"
    #expect(
      try decide(path, client: outside, user: "alice", maySend: false)
        == .wrongSender(.user("alice")))
    #expect(
      try decide(path, client: outside, grantUser: "alice", maySend: false)
        == .wrongSender(.grant("alice")))
  }

  @Test("An IPv4 network trusts no IPv6 client, and the other way round")
  func families() throws {
    let v6 = try #require(IPAddress("::c0a8:105"))
    #expect(try decide("<bob@example.org>", client: v6) == .denied)
  }
}
