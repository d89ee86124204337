import DNS
import EventLoop
import Mail
import Platform
import TestSupport
import Testing

@testable import Receiving

@Suite("Blocklists", .nsd()) struct BlocklistsTests {
  private let server: SocketAddress

  init() throws { server = try #require(NSDTrait.server?.address) }

  private static let client = IPAddress(v4: 0xC633_6409)  // 198.51.100.9

  @Loop
  private func ask(
    about client: IPAddress, _ zones: [String], at server: SocketAddress,
    until deadline: Instant = .now + .seconds(60)
  ) async throws -> Blocklists.Listing? {
    await Blocklists(resolver: Resolver(NameServers([server]))).listing(
      of: client, zones: try zones.map { try #require(Domain($0)) }, until: deadline)
  }

  @Test(
    "A client that a real server has on its list is listed, and no other",
    arguments: [
      ("198.51.100.9", true), ("198.51.100.8", false), ("9.100.51.198", false),
      ("2001:db8::2", true), ("2001:db8::3", false), ("127.0.0.2", true), ("127.0.0.1", false),
    ])
  func listed(client: String, expected: Bool) async throws {
    let client = try #require(IPAddress(client))
    let listing = try await onLoop {
      try await ask(about: client, ["list.example"], at: server)
    }
    #expect((listing != nil) == expected)
  }

  @Test("The client hears who lists it, and a list that fails or knows nothing takes no part")
  func words() async throws {
    let zones = ["elsewhere.example", "far.example", "list.example"]
    let listing = try await onLoop { try await ask(about: Self.client, zones, at: server) }
    #expect(
      listing?.reply.text == "550 5.7.1 Your address 198.51.100.9 is listed at list.example")
    #expect(listing?.reason == "listed at list.example")
  }

  @Test(
    "Only an answer that means something lists the client",
    arguments: [
      ([[127, 0, 0, 2]], true), ([[127, 0, 0, 10]], true), ([[127, 255, 254, 255]], true),
      ([[127, 255, 255, 254]], false), ([[127, 255, 255, 0]], false), ([[192, 0, 2, 1]], false),
      ([[0, 0, 0, 0]], false), ([[127, 255, 255, 255], [127, 0, 0, 4]], true), ([], false),
    ] as [([[UInt8]], Bool)])
  func answers(addresses: [[UInt8]], expected: Bool) async throws {
    try await onLoop {
      let server = try NameServer { [reply(to: $0, answer: addresses.map { record(1, $0) })] }
      try await serving([server]) {
        let listing = try await ask(about: Self.client, ["x.example"], at: server.address)
        #expect((listing != nil) == expected)
      }
    }
  }

  @Test(
    "No list is asked about an address that does not come from the Internet",
    arguments: [
      "127.0.0.1", "127.0.0.3", "10.1.2.3", "172.16.0.1", "192.168.1.5", "169.254.1.1", "0.0.0.0",
      "::", "::1", "fe80::1", "fd00::1", "::ffff:192.168.1.5",
    ])
  func notAsked(client: String) async throws {
    let client = try #require(IPAddress(client))
    try await onLoop {
      let server = try NameServer { [reply(to: $0, answer: [record(1, [127, 0, 0, 2])])] }
      try await serving([server]) {
        let listing = try await ask(about: client, ["x.example"], at: server.address)
        #expect(listing == nil)
        #expect(server.datagrams == 0)
      }
    }
  }

  @Test("A list that answers makes an end, whatever the others do")
  func first() async throws {
    try await onLoop {
      let server = try NameServer { query in
        // Only the name below `b.test` is answered.
        query.dropFirst(12).contains(UInt8(ascii: "b"))
          ? [reply(to: query, answer: [record(1, [127, 0, 0, 2])])] : []
      }
      try await serving([server]) {
        let zones = ["a.test", "b.test", "c.test"]
        let listing = try await ask(
          about: Self.client, zones, at: server.address, until: .distantFuture)
        #expect(listing?.zone.text == "b.test")
        #expect(server.datagrams >= 3, "all are asked at once, again where that was long ago")
      }
    }
  }

  @Test("Lists that are silent, fail or refuse list nobody")
  func failures() async throws {
    try await onLoop {
      let silent = try NameServer { _ in [] }
      let failing = try NameServer { [reply(to: $0, code: 2)] }
      try await serving([silent, failing]) {
        for server in [silent, failing] {
          let listing = try await ask(
            about: Self.client, ["x.example", "y.example"], at: server.address,
            until: .now + .milliseconds(20))
          #expect(listing == nil)
        }
      }
    }
  }

  @Test("A list whose answers mean nothing is noted, and one that does not have the client is not")
  func refusal() async throws {
    try await onLoop {
      let server = try NameServer { query in
        // Not in the head, whose random number may hold it too.
        query.dropFirst(12).contains(UInt8(ascii: "r"))
          ? [reply(to: query, answer: [record(1, [127, 255, 255, 254])])]
          : [reply(to: query, code: 3)]
      }
      try await serving([server]) {
        let zones = try ["r.test", "b.test"].map { try #require(Domain($0)) }
        let lists = Blocklists(resolver: Resolver(NameServers([server.address])))
        for _ in 0..<2 {
          #expect(await lists.listing(of: Self.client, zones: zones, until: .distantFuture) == nil)
        }
        #expect(lists.refusing == [zones[0]])
      }
    }
  }

  @Test("Without a list nobody is listed")
  func none() async throws {
    let listing = try await onLoop { try await ask(about: Self.client, [], at: server) }
    #expect(listing == nil)
  }
}
